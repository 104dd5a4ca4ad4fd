"""What is peculiar to Kubernetes: one object for all keys, others who write into it, restarts, its own authority."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from practice.stores.kubernetes import Kubernetes
from rotation.copies.kinds import KINDS
from rotation.copies.store import StoreError, Why
from tests.rotation.copies.stores.store_worlds import TOKENS, KubernetesWorld, stood_in

KIND = KINDS["kubernetes"]
LABEL = {"app.kubernetes.io/managed-by": "keyturn"}
PLACE = ("shop", "billing")
ALL = {"get secrets", "patch secrets", "create secrets", "delete secrets", "patch deployments"}


@pytest.fixture
def world():
    with stood_in(KubernetesWorld) as world:
        yield world


def ignore(_name):
    pass


def requests(world):
    return [(asked.method, asked.path[-2]) for asked in world.server.asked]


def metadata(world):
    return world.server.secrets[PLACE]["metadata"]


def may(world, *rules):
    world.server.tokens[TOKENS["keyturn"]] = set(rules)


def restarts(world):
    return [world.server.restarted_at(name) for name in ("api", "worker")]


def test_a_secret_that_isnt_there_is_made_with_a_label(world):
    made = []
    world.store(restart="").write(world.own, made.append)
    assert (world.there(), made) == (world.own, list(world.own))
    assert world.server.secrets[PLACE]["type"] == "Opaque"
    assert metadata(world)["labels"] == LABEL
    assert "annotations" not in metadata(world)


def test_no_secret_is_made_for_nothing(world):
    world.store().write({}, ignore)
    assert PLACE not in world.server.secrets


def test_what_is_as_it_should_be_isnt_written_again(world):
    world.store().write(world.own, ignore)
    version, before = metadata(world)["resourceVersion"], len(world.server.asked)
    world.store().write(world.own, ignore)
    assert requests(world)[before:] == [("GET", "secrets")]
    assert metadata(world)["resourceVersion"] == version


def test_a_secret_of_others_gets_no_label_and_keeps_its_keys(world):
    world.server.put(*PLACE, {"theirs": "1"}, {"app": "shop"})
    world.store(restart="").write(world.own, ignore)
    assert metadata(world)["labels"] == {"app": "shop"}
    assert world.there() == {"theirs": "1"} | world.own
    world.store().delete(["theirs", *world.own])
    assert world.there() == {}
    assert PLACE in world.server.secrets, "somebody else made it"


def test_a_secret_that_keyturn_made_is_deleted_with_its_last_key(world):
    world.store().write(world.own, ignore)
    first, second = world.own
    world.store().delete([first])
    assert PLACE in world.server.secrets
    world.store().delete([second])
    assert PLACE not in world.server.secrets


def test_a_secret_that_keyturn_made_stays_while_it_holds_a_key_of_others(world):
    world.store().write(world.own, ignore)
    world.server.put(*PLACE, {"theirs": "1"})
    world.store().delete(world.own)
    assert world.there() == {"theirs": "1"}


def test_without_the_right_to_delete_an_empty_secret_stays(world):
    world.store().write(world.own, ignore)
    may(world, *ALL - {"delete secrets"})
    world.store().delete(world.own)
    assert (world.there(), PLACE in world.server.secrets) == ({}, True)
    may(world, *ALL)
    world.store().delete(world.own)
    assert PLACE not in world.server.secrets


class Meanwhile(Kubernetes):
    """A cluster in which somebody else is quicker, so many times."""

    def __init__(self, tokens, times):
        super().__init__(tokens)
        self.times = times

    def take(self, asked):
        with self._lock:
            if asked.method in {"PATCH", "POST", "DELETE"} and self.times:
                self.times -= 1
                self.put(*PLACE, {"BILLING_ID": f"theirs {self.times}"})
        return super().take(asked)


def meanwhile(times):
    return Meanwhile({TOKENS["keyturn"]: ALL}, times)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_key_that_somebody_wrote_meanwhile_isnt_taken_for_one_that_was_made(times):
    with meanwhile(times) as server:
        world, made = KubernetesWorld(server), []
        world.store(restart="").write(world.own, made.append)
        assert (world.there(), made) == (world.own, ["BILLING_KEY"])


def test_who_is_never_the_quicker_one_says_so():
    with meanwhile(99) as server:
        world, made = KubernetesWorld(server), []
        for call in (lambda: world.store().write(world.own, made.append), lambda: world.store().delete(["BILLING_ID"])):
            with pytest.raises(StoreError, match="Somebody else keeps changing the Secret") as raised:
                call()
            assert raised.value.why == Why.FAILED
        assert made == []


def test_a_secret_isnt_deleted_with_what_somebody_wrote_meanwhile():
    with meanwhile(0) as server:
        world = KubernetesWorld(server)
        world.store().write({"ONLY": "1"}, ignore)
        answers = server.answer

        def quick(asked):
            if asked.method == "DELETE":
                server.put(*PLACE, {"theirs": "1"})
            return answers(asked)

        server.answer = quick
        world.store().delete(["ONLY"])
        assert world.there() == {"theirs": "1"}


def test_deployments_are_restarted_only_when_a_value_is_another_one(world):
    world.store().write(world.own, ignore)
    (first, same) = restarts(world)
    assert first
    assert first == same
    assert abs(datetime.fromisoformat(first) - datetime.now(UTC)) < timedelta(minutes=1)
    world.store().write(world.own, ignore)
    assert restarts(world) == [first, first]
    world.store(restart="worker").write(world.own | {"BILLING_ID": "other"}, ignore)
    assert restarts(world)[0] == first
    assert restarts(world)[1] > first
    assert metadata(world).get("annotations", {}) == {}, "what is done isn't due any more"


def test_a_restart_that_failed_is_made_up_for(world):
    may(world, *ALL - {"patch deployments"})
    made = []
    with pytest.raises(StoreError, match=r"Restart of api: deployments\.apps .* is forbidden") as raised:
        world.store().write(world.own, made.append)
    assert raised.value.why == Why.FORBIDDEN
    assert (world.there(), made, restarts(world)) == (world.own, list(world.own), ["", ""])
    may(world, *ALL)
    world.store().write(world.own, made.append)
    assert all(restarts(world))
    assert made == list(world.own)


def test_one_deployment_that_is_gone_doesnt_keep_the_others_from_restarting(world):
    del world.server.deployments["shop", "api"]
    for _ in range(2):
        with pytest.raises(StoreError, match=r'Restart of api: deployments\.apps "api" not found') as raised:
            world.store().write(world.own, ignore)
        assert raised.value.why == Why.NO_SUCH_PLACE
    assert world.server.restarted_at("worker")
    assert world.server.deployments["shop", "worker"]["metadata"]["generation"] == 2, "restarted once"


def test_two_copies_into_one_secret_each_restart_their_own(world):
    may(world, *ALL - {"patch deployments"})
    with pytest.raises(StoreError, match="Restart of api"):
        world.store(restart="api").write({"ONE": "1"}, ignore)
    may(world, *ALL)
    world.store(restart="worker").write({"TWO": "2"}, ignore)
    assert restarts(world)[0] == ""
    world.store(restart="api").write({"ONE": "1"}, ignore)
    assert all(restarts(world))


@pytest.mark.parametrize(
    ("rules", "is_there", "said"),
    [
        (
            ALL,
            False,
            "The cluster takes the token, which may make Secret billing in namespace shop, which isn't there yet.",
        ),
        (ALL, True, "The cluster takes the token, which may change Secret billing in namespace shop."),
        (
            ALL - {"create secrets"},
            True,
            "The cluster takes the token, which may change Secret billing in namespace shop.",
        ),
        (ALL - {"create secrets"}, False, "forbidden: The token may not create secrets in namespace shop"),
        (ALL - {"patch secrets"}, True, "forbidden: The token may not patch secrets billing in namespace shop"),
        (ALL - {"patch deployments"}, True, "forbidden: The token may not patch deployments api in namespace shop"),
    ],
)
def test_check_asks_the_cluster_what_the_token_may(world, rules, is_there, said):
    may(world, *rules)
    if is_there:
        world.server.put(*PLACE, {"theirs": "1"})
    try:
        told = world.store().check()
    except StoreError as error:
        told = str(error)
    assert told == said


@pytest.mark.parametrize(
    ("message", "status", "why"),
    [
        ('secrets "billing" is forbidden: exceeded quota: small', 403, Why.FULL),
        ('Secret "billing" is invalid: data: Too long: may not be more than 1048576 bytes', 422, Why.FULL),
        ("etcdserver: request is too large", 500, Why.FULL),
        ("admission webhook denied the request", 400, Why.BAD_VALUE),
    ],
)
def test_refusals_are_read_as_kubernetes_means_them(world, message, status, why):
    world.says(status, {"kind": "Status", "message": message})
    with pytest.raises(StoreError) as raised:
        world.store().write({"KEY": "value"}, ignore)
    assert (raised.value.why, raised.value.said) == (why, message)


def test_a_secret_that_is_full_or_immutable_says_so(world):
    with pytest.raises(StoreError, match="Too long") as raised:
        world.store().write({"LONG": "x" * (1024 * 1024 + 1)}, ignore)
    assert raised.value.why == Why.FULL
    world.store().write({"LONG": "x" * 1024 * 1024}, ignore)
    world.server.secrets[PLACE]["immutable"] = True
    with pytest.raises(StoreError, match="field is immutable") as raised:
        world.store().write({"LONG": "y"}, ignore)
    assert raised.value.why == Why.BAD_VALUE


@pytest.mark.parametrize("found", [{"metadata": 1}, {"metadata": {"uid": "1"}}, {"metadata": {}, "data": [1]}])
def test_an_answer_that_holds_no_secret_is_a_failure(world, found):
    world.says(200, found)
    with pytest.raises(StoreError, match="The answer holds no Secret") as raised:
        world.store().write(world.own, ignore)
    assert raised.value.why == Why.FAILED


@pytest.mark.parametrize("name", ["", ".", "..", "..data", "A B", "A/B", "Ä", "A\n", "A" * 254])
def test_keys_that_kubernetes_doesnt_take_are_told(world, name):
    assert KIND.name_problem(name).startswith("Kubernetes takes ")
    with pytest.raises(StoreError) as raised:
        world.store().write({name: "1"}, ignore)
    assert (raised.value.why, world.server.asked) == (Why.BAD_VALUE, [])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("server", "10.0.0.1:6443"),
        ("server", "http://10.0.0.1:6443"),
        ("authority", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"),
        ("authority", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        ("namespace", ""),
        ("namespace", "Shop"),
        ("namespace", "a/b"),
        ("secret", ""),
        ("secret", "../x"),
        ("secret", "a" * 254),
        ("restart", "api worker"),
        ("restart", "api, ../x"),
    ],
)
def test_what_cant_be_right_is_told_at_the_field(field, text):
    (setting,) = [setting for setting in KIND.settings if setting.name == field]
    assert setting.problem(text).endswith(".")


@pytest.mark.parametrize(
    "text", ["", " ", "api", " api ,worker,", ",".join(f"deployment-{number}" for number in range(99))]
)
def test_these_lists_of_deployments_are_fine(text):
    assert KIND.settings[-1].problem(text) is None


def certified(name, issuer=None):
    """A certificate and its key: an authority, or for 127.0.0.1 from one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above, signer = issuer or (None, key)
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return built, key


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def authority():
    return certified("cluster")


@pytest.fixture
def secured(authority, tmp_path):
    certificate, key = certified("apiserver", authority)
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(key.private_bytes(*plain) + pem(certificate).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with Kubernetes({TOKENS["keyturn"]: ALL}, tls=context) as server:
        yield KubernetesWorld(server)


def test_the_clusters_own_authority_vouches_for_it(secured, authority):
    secured.store(authority=pem(authority[0])).write(secured.own, ignore)
    assert secured.there() == secured.own


@pytest.mark.parametrize("other", [True, False])
def test_a_server_that_nobody_vouches_for_gets_no_token(secured, other):
    with pytest.raises(StoreError, match="The certificate isn't right") as raised:
        secured.store(authority=pem(certified("other")[0]) if other else "").write(secured.own, ignore)
    assert raised.value.why == Why.UNREACHABLE
    assert secured.server.asked == []


def test_a_certificate_that_is_no_authority_is_told(authority):
    (setting,) = [setting for setting in KIND.settings if setting.name == "authority"]
    assert setting.problem(pem(authority[0])) is None
    assert setting.problem(pem(certified("apiserver", authority)[0])).startswith(
        "Paste the certificate of the authority"
    )
