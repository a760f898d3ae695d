"""What networks do to a push: after any of it every grade is right, none doubled, none lost."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.lms.ags import Score
from autograder.lms.transport import LmsUnreachable

from .fault_proxy import FAULTS, FaultProxy
from .lti import Peer, grades_of, push, shown

pytestmark = pytest.mark.lti

READ_TIMEOUT = 0.5  # seconds; a slow answer takes longer, a busy machine answers sooner


@pytest.fixture(scope="module")
def proxy(peer: Peer) -> Iterator[FaultProxy]:
    token = peer.platform.token_url
    found = FaultProxy(token[: token.index("/", len("http://"))])
    yield found
    found.close()


def push_until_done(peer: Peer, proxy: FaultProxy, points: dict[str, float], name: str, ledger: Path, seed: int) -> int:
    """Push as a teacher does: again when the command fails. Returns how often it ran."""
    for run in range(1, 31):
        items = peer.through(proxy.behind).items(seed=seed, read=READ_TIMEOUT, attempts=5)
        try:
            _, problems = push(items, grades_of(peer, points, name), ledger)
        except LmsUnreachable:
            continue
        finally:
            proxy.settle()
        if not problems:
            return run
    pytest.fail(f"seed {seed}: no push in 30 came through")


def expected(peer: Peer, points: dict[str, float]) -> dict[str, float]:
    return {peer.users[name]: score for name, score in points.items()}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_is_survived(peer: Peer, proxy: FaultProxy, tmp_path: Path, fault: str) -> None:
    proxy.reset(FAULTS.index(fault), 0.4, (fault,))
    points = {"alice": 17.5, "bob": 0.0}
    push_until_done(peer, proxy, points, f"one-{fault}", tmp_path / "l.sqlite3", 1)
    assert shown(peer.items(), f"one-{fault}") == expected(peer, points)
    assert proxy.counts[fault] > 0 or fault == "late"


@pytest.mark.slow
def test_after_200_runs_with_faults_every_grade_is_right(peer: Peer, proxy: FaultProxy, tmp_path: Path) -> None:
    """Each run: a class is graded and pushed, a teacher changes one grade, others are graded anew and pushed."""
    proxy.counts.clear()
    for seed in range(200):
        dice = random.Random(seed)
        name, ledger = f"run-{seed}", tmp_path / f"{seed}.sqlite3"
        points = {learner: dice.randrange(0, 41) / 2 for learner in ("alice", "bob", "carol")}
        proxy.reset(seed, 0.25)
        push_until_done(peer, proxy, points, name, ledger, seed)
        items = peer.items()
        assert shown(items, name) == expected(peer, points), f"seed {seed}"

        item = items.find(name)
        assert item is not None
        teachers = (points["carol"] + 3.5) % 20
        items.service.http.clock.sleep(120)  # later than every try of the push
        items.send(item, Score(peer.users["carol"], teachers, 20, "by hand"), items.service.http.clock.now())
        points["alice"] = (points["alice"] + 1.5) % 20
        kept = dict(points, carol=teachers)
        graded_anew = dict(points, carol=(teachers + 5) % 20)
        push_until_done(peer, proxy, graded_anew, name, ledger, seed + 1000)
        assert shown(items, name) == expected(peer, kept), f"seed {seed}"
    assert all(proxy.counts[fault] > 20 for fault in FAULTS), proxy.counts
