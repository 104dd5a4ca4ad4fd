"""Names and paths: what is accepted is what the other side takes, whatever is typed."""

from __future__ import annotations

import string

import pytest
from botocore.session import Session as BotocoreSession
from hypothesis import example, given
from hypothesis import strategies as st

from models import project, secret
from models.connection import access_key_id_problem, region_problem
from models.people import user_name_problem as person_name_problem
from models.strategy import iam_path_problem, user_name_problem

near_names = st.one_of(st.text(max_size=140), st.from_regex(r"[A-Za-z0-9_.@/=+,-]{0,140}\n?", fullmatch=True))


@given(near_names)
@example("AWS_ACCESS_KEY\n")
@example("\N{ARABIC-INDIC DIGIT ONE}")
def test_a_secrets_name_is_an_environment_variables(name):
    right = 0 < len(name) <= 128 and name.isascii() and name.isidentifier()
    assert (secret.name_problem(name) is None) == right


@given(near_names)
@example("billing-api\n")
@example("a-")
def test_a_projects_name_is_a_part_of_an_address(name):
    allowed = set(string.ascii_lowercase + string.digits + "-")
    right = 0 < len(name) <= 64 and set(name) <= allowed and name.strip("-") == name
    assert (project.name_problem(name) is None) == right


@given(near_names)
@example("alice\n")
def test_a_persons_name_is_in_lower_case(name):
    allowed = set(string.ascii_lowercase + string.digits + "._-")
    right = 0 < len(name) <= 64 and set(name) <= allowed and name.strip("._-") == name
    assert (person_name_problem(name) is None) == right


@given(near_names)
@example("ünïcode")
@example("billing-api\n")
def test_an_iam_user_name_is_what_iam_takes(name):
    allowed = set(string.ascii_letters + string.digits + "_+=,.@-")
    right = 0 < len(name) <= 64 and set(name) <= allowed
    assert (user_name_problem(name) is None) == right


@given(st.text(alphabet=string.printable + "ü", max_size=600))
@example("/")
@example("//")
@example("/deploy/prod/")
@example("/" + "a" * 510 + "/")
@example("/" + "a" * 511 + "/")
def test_an_iam_path_is_what_iam_takes(path):
    inside = path[1:-1]
    right = path == "/" or (
        len(path) <= 512
        and path[:1] == path[-1:] == "/"
        and len(path) > 2
        and all("\x21" <= char <= "\x7e" for char in inside)
    )
    assert (iam_path_problem(path) is None) == right


@pytest.mark.parametrize("text", ["AKIAEXAMPLE123456789", "ASIAEXAMPLE123456", "A" + "B" * 127])
def test_access_key_ids(text):
    assert access_key_id_problem(text) is None
    assert access_key_id_problem(text + "\n")
    assert access_key_id_problem(text.lower())
    assert access_key_id_problem(text[:15])


def test_every_region_that_aws_has_is_one():
    session = BotocoreSession()
    regions = {
        region
        for partition in session.get_available_partitions()
        for service in ("iam", "sts", "s3", "ec2")
        for region in session.get_available_regions(service, partition, allow_non_regional=False)
    }
    assert len(regions) > 35
    assert "eusc-de-east-1" in regions
    assert [region for region in regions if region_problem(region)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eu-west",
        "eu-west-",
        "eu-west-1a",
        "eu_west_1",
        "EU-WEST-1",
        "eu-west-\N{ARABIC-INDIC DIGIT ONE}",
        "eu-west-1\n",
        "localhost",
        f"eu-{'w' * 40}-1",
    ],
)
def test_what_is_no_region_is_told(text):
    assert region_problem(text) == "A region looks like eu-west-1 or us-east-1."


@given(st.one_of(st.text(max_size=300), st.from_regex(r"[/A-Za-z0-9 ._-]{0,300}", fullmatch=True)))
@example("billing//api/")
@example("/a/../b")
@example("/a\n")
def test_a_path_has_one_spelling(text):
    try:
        path = project.normal_path(text)
    except ValueError:
        return
    assert project.normal_path(path) == path
    assert path == "/" or (path.startswith("/") and not path.endswith("/"))
    assert "//" not in path
    assert not {"", ".", ".."} & set(path[1:].split("/")) or path == "/"
    assert len(path) <= 255
    assert path.isascii()
    assert path.isprintable()


@pytest.mark.parametrize(
    "text", ["/a b", "/ünïcode", "/a/../b", "/a/./b", "/a\\b", "/a?b", "/" + "a" * 65, "/abc" * 64]
)
def test_what_is_no_path_is_told(text):
    with pytest.raises(ValueError, match=r"^Use .*\.$"):
        project.normal_path(text)


@pytest.mark.parametrize("problem", [secret.name_problem, project.name_problem, person_name_problem, user_name_problem])
def test_a_refusal_is_a_sentence_that_says_what_is_right(problem):
    assert problem("no good!").endswith(".")
    assert "no good!" not in problem("no good!")
