"""`python -m autograder lms …`, as a teacher runs it in a course folder, against the real platform."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.lms.ags import Score

from .conftest import SetGrade
from .lti import Peer

pytestmark = pytest.mark.lti

PRIVATE = ("Ångström", "O'Brien", "van der Berg", "@example.org", "Look at λ")
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def course(tmp_path: Path, peer: Peer, db_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course folder with a gradebook and the platform's addresses."""
    p = peer.platform
    (tmp_path / "lms.toml").write_text(
        f'[platform]\nclient_id = "{p.client_id}"\ntoken_url = "{p.token_url}"\n'
        f'lineitems_url = "{p.lineitems_url}"\nmemberships_url = "{p.memberships_url}"\n'
        f'key = "{peer.key_file}"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(course: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Run:
    """Run a command; its exit status and all it printed. Fails when a name shows up anywhere."""

    def run(*arguments: str) -> tuple[int, str]:
        caplog.set_level(logging.DEBUG)
        status = main(["lms", *arguments])
        out, err = capfd.readouterr()
        for private in PRIVATE:
            assert private not in out + err + caplog.text
        return status, out + err

    return run


@pytest.fixture
def assignment(gradebook: Gradebook, request: pytest.FixtureRequest) -> str:
    """week1 under a name of its own for each test: the platform keeps its line items."""
    name: str = request.node.name
    gradebook.find_assignment("week1").name = name
    gradebook.db.commit()
    return name


@pytest.fixture
def graded(gradebook: Gradebook, set_grade: SetGrade, peer: Peer, request: pytest.FixtureRequest) -> str:
    """alice 17.5, bob 0, carol held back; under a name of its own."""
    set_grade("alice", 12, 5.5, comment="Look at λ again.")
    set_grade("bob", 0)
    set_grade("carol", 12, manual=True)
    for student in ("alice", "bob", "carol"):
        gradebook.update_or_create_student(student, lms_user_id=peer.users[student])
    assignment: str = request.getfixturevalue("assignment")
    return assignment


def test_a_roster_is_a_dry_run_until_yes(run: Run, gradebook: Gradebook, peer: Peer) -> None:
    status, said = run("roster", "--by-email")
    assert status == 0
    assert f"alice\t— → {peer.users['alice']}" in said
    assert "3 students known on the platform, 3 new; 2 learners there are not here." in said
    assert "Nothing was written" in said
    gradebook.db.expire_all()
    assert gradebook.find_student("alice").lms_user_id is None
    status, _ = run("roster", "--by-email", "--yes")
    gradebook.db.expire_all()
    assert (status, gradebook.find_student("alice").lms_user_id) == (0, peer.users["alice"])


def test_a_push_is_a_plan_until_yes(run: Run, graded: str, peer: Peer) -> None:
    status, said = run("push", graded)
    assert status == 0
    assert "A new line item" in said
    assert "alice\t— → 17.5/20\tsend" in said
    assert "held back: carol: needs manual grading" in said
    assert peer.items().find(graded) is None
    status, said = run("push", graded, "--yes")
    assert (status, "Read back: every grade that was sent is on the platform." in said) == (0, True)
    status, said = run("status", graded)
    assert status == 0
    assert "alice\t17.5/20\t=\t17.5/20" in said
    assert "bob\t0/20\t=\t0/20" in said
    status, said = run("push", graded)
    assert "0 to send, 2 the same, 0 kept back." in said


def test_a_teachers_change_is_kept_and_shown(run: Run, graded: str, peer: Peer, gradebook: Gradebook) -> None:
    run("push", graded, "--yes")
    items = peer.items()
    item = items.find(graded)
    assert item is not None
    items.service.http.clock.sleep(5)
    now = items.service.http.clock.now()
    items.send(item, Score(peer.users["bob"], 11, 20, "by hand"), now)
    status, said = run("push", graded, "--yes")
    assert status == 1
    assert "bob\t11/20 → 0/20\tchanged on the platform: kept" in said
    status, said = run("status", graded)
    assert (status, "bob\t0/20\t≠\t11/20" in said) == (1, True)


def test_a_student_without_an_id_of_the_platform_is_named(run: Run, graded: str, gradebook: Gradebook) -> None:
    gradebook.find_student("bob").lms_user_id = None
    gradebook.db.commit()
    status, said = run("push", graded, "--yes")
    assert status == 1
    assert "bob\t— → 0/20\tno id of the platform" in said


def test_bonus_points_are_not_sent_unless_capped(run: Run, graded: str, gradebook: Gradebook) -> None:
    gradebook.find_grade("test", "1_gap", graded, "bob").auto_score = 30
    gradebook.db.commit()
    status, said = run("push", graded, "--yes")
    assert (status, "bob\t— → 30/20\tmore than the maximum" in said) == (1, True)
    status, said = run("push", graded, "--yes", "--cap")
    assert (status, "bob\t— → 20/20\tsend" in said) == (0, True)


def test_a_forgotten_student_leaves_no_trace(
    run: Run, graded: str, gradebook: Gradebook, peer: Peer, course: Path
) -> None:
    run("push", graded, "--yes")
    ledgers = list((course / ".autograder" / "lms").glob("*.jsonl"))
    assert peer.users["alice"] in ledgers[0].read_text()
    _, said = run("forget", "alice")
    assert "add --yes" in said
    assert run("forget", "alice", "--yes")[0] == 0
    assert all(
        peer.users["alice"] not in p.read_text(errors="replace")
        for p in (course / ".autograder").rglob("*")
        if p.is_file()
    )
    gradebook.db.expire_all()
    assert gradebook.find_student("alice").lms_user_id is None
    assert peer.users["bob"] in ledgers[0].read_text()
    assert "Nothing is kept" in run("forget", "alice", "--yes")[1]


def test_a_persons_mistakes_are_one_sentence(run: Run, course: Path, graded: str) -> None:
    for arguments, sentence in (
        (("push", "week9"), "no assignment “week9”"),
        (("push", graded, "--config", "none.toml"), "Cannot read none.toml"),
        (("push", graded, "--db", "sqlite:///none.db"), "There is no gradebook none.db"),
        (("forget", "mallory"), "no student with the id: mallory"),
        (("push", graded, "--student", "mallory"), "no student with the id: mallory"),
    ):
        status, said = run(*arguments)
        assert status == 1
        assert sentence in said
        assert "Traceback" not in said
    assert not (course / "none.db").exists()


def test_a_roster_needs_its_address(run: Run, course: Path) -> None:
    text = (course / "lms.toml").read_text()
    (course / "lms.toml").write_text("\n".join(x for x in text.splitlines() if "memberships" not in x))
    status, said = run("roster")
    assert (status, "“memberships_url” is missing" in said) == (1, True)
