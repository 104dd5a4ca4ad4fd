"""A real worker process, killed by SIGKILL before and after its n-th commit and its n-th request to AWS, for every n.

New processes finish its work, while a consumer reads the pair and calls AWS all the while. Which places there are,
nobody lists: n grows until a run ends unkilled. Times to come are jumped to; nothing waits for them.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from models import AccessKey, Base
from models.engine import open_database
from practice.seed import FIVE_PERMISSIONS, THREE_PERMISSIONS, PracticeAws
from tests.crash import worker
from tests.crash.installation import Installation
from tests.crash.judge import judge

AT_ONCE = 3
LEASE_S = 61
"""Whoever goes on waits until the dead one's lease has run out."""
LATER_S = 20 * 60
"""By then a request that was on its way at the death is settled."""


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Forks workers from a process that has imported what they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.crash.worker"])
    return context


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    """A database with the schema and nothing else."""
    path = tmp_path_factory.mktemp("empty") / "keyturn.db"
    engine = open_database(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


Tell = Callable[[str, str], None]


class Attack:
    """One act, at one AWS, from as many installations as it has places to die at."""

    def __init__(
        self, processes: ForkServerContext, folder: Path, empty: Path, aws: PracticeAws, tell: Tell, *, listing: bool
    ) -> None:
        self._processes, self._folder, self._empty, self._aws = processes, folder, empty, aws
        self._listing, self._tell = listing, tell
        permissions = FIVE_PERMISSIONS if listing else THREE_PERMISSIONS
        self._manager = aws.make_manager(f"manager-{folder.name}", targets_path="/apps/", permissions=permissions)

    def everywhere(
        self, act: str, surely: Collection[str] = (), *, old_key: bool = False, consumer: bool = True, step: int = 1
    ) -> list[str]:
        """Kill `act` at every place in turn, or at each `step`-th; returns where that was.

        A run may pass one place more or less than the one before it, so that counting misses a place: those of
        `surely` are then gone to by name.
        """
        self._act, self._old_key, self._consumer = act, old_key, consumer
        places = list(self._places(step))
        places += [self._once(where) for where in sorted(set(surely) - set(places))]
        told = ", ".join(f"{number} {where}" for where, number in sorted(Counter(places).items()))
        self._tell("killed at", f"{len(places)} places: {told}")
        return places

    def _places(self, step: int) -> Iterator[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in count(1, AT_ONCE * step):
                killed = list(pool.map(self._once, range(start, start + AT_ONCE * step, step)))
                yield from filter(None, killed)
                if "" in killed:
                    return

    def _once(self, die_at: int | str) -> str:
        """Kill at the n-th place, or at one of this name, let others finish, and judge.

        Where it was, or nothing if the act ended first.
        """
        at = Installation(self._folder / str(die_at), self._empty, self._aws, self._manager, old_key=self._old_key)
        with at.consumer() as refused:
            place = self._run(at, self._act, die_at, for_s=60)
            self._run(at, "", ahead_s=LEASE_S, for_s=LATER_S)
            problems = judge(at, listing=self._listing)
            if at.lost():
                self._clear_up(at)
        if self._consumer:
            problems += refused[:3]
        assert not problems, f"killed at {die_at}, {place}: {'; '.join(problems)}"
        at.engine.dispose()
        return place

    def _clear_up(self, at: Installation) -> None:
        """As the page says: list the user's keys, delete the one that Keyturn doesn't know, say so, and rotate."""
        for unknown in at.keys_at_aws() - {key.access_key_id for key in at.rows(AccessKey)}:
            self._aws.iam.delete_access_key(UserName=at.user, AccessKeyId=unknown)
        self._run(at, "clear up", ahead_s=LATER_S, for_s=0)
        before = at.pair()
        self._run(at, "rotate", ahead_s=LATER_S, for_s=60)
        assert not at.lost()
        assert at.pair() != before

    def _run(self, at: Installation, act: str, die_at: int | str = 0, **options) -> str:
        """A worker process from its start to its end; where it was killed, or nothing."""
        told, tell = self._processes.Pipe(duplex=False)
        process = self._processes.Process(target=worker.work, args=(at.env, act, options, die_at, tell))
        process.start()
        tell.close()
        with told:
            said = told.recv()
        process.join()
        assert not said.startswith("failed"), f"{act or 'the work'}: {said}"
        return "" if said == "done" else said


@pytest.fixture(params=[True, False], ids=["may list", "may not list"])
def attack(request, processes, tmp_path, empty, practice, record_property) -> Attack:
    return Attack(processes, tmp_path, empty, practice, record_property, listing=request.param)


def test_a_rotation(attack):
    known = {"before CreateAccessKey", "after CreateAccessKey", "before commit", "after commit"}
    assert known <= set(attack.everywhere("rotate", known))


@pytest.fixture
def listing_attack(processes, tmp_path, empty, practice, record_property) -> Attack:
    return Attack(processes, tmp_path, empty, practice, record_property, listing=True)


def test_a_retirement(listing_attack):
    known = {f"{when} {action}" for when in ("before", "after") for action in ("UpdateAccessKey", "DeleteAccessKey")}
    assert known | {"before commit", "after commit"} <= set(listing_attack.everywhere("", known, old_key=True))


def test_an_old_key_that_a_person_ends(listing_attack):
    known = {"after DeleteAccessKey"}
    assert known <= set(listing_attack.everywhere("end the old key", known, old_key=True))


def test_an_edit_that_moves_the_pair_and_a_rotation(listing_attack):
    """Each third place: the rotation is the one of the test before, but for where it publishes."""
    assert len(listing_attack.everywhere("edit", step=3)) > 10


def test_a_strategys_deletion(listing_attack):
    assert "after commit" in listing_attack.everywhere("delete", old_key=True)


def test_a_strategys_deletion_with_its_keys(listing_attack):
    """The program whose key a person deletes is refused: nobody asks it."""
    known = {"before DeleteAccessKey", "after DeleteAccessKey"}
    assert known <= set(listing_attack.everywhere("delete with its keys", known, old_key=True, consumer=False))
