"""`python -m autograder lms …`, as a teacher runs it in a course folder, against the real platform."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.lms import nrps
from autograder.lms.ags import LineItem, LineItems, Score
from autograder.lms.ledger import Ledger
from autograder.lms.transport import LmsRefused

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
    assert "Students known on the platform: 3, of these new: 3. Learners there and not here: 2." in said
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
    assert "alice\t— → 17.5/20\tsent" in said
    assert "2 of 2 sent" in said
    assert "2 sent, 0 were the same, 0 not sent." in said
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
    assert (status, "bob\t— → 20/20\tsent" in said) == (0, True)


def test_a_forgotten_student_leaves_no_trace(
    run: Run, graded: str, gradebook: Gradebook, peer: Peer, course: Path
) -> None:
    run("push", graded, "--yes")
    ledger = course / "lms-ledger.sqlite3"
    assert peer.users["alice"].encode() in ledger.read_bytes()
    _, said = run("forget", "alice")
    assert "add --yes" in said
    assert run("forget", "alice", "--yes")[0] == 0
    assert [p for p in course.rglob("*") if p.is_file() and peer.users["alice"].encode() in p.read_bytes()] == []
    gradebook.db.expire_all()
    assert gradebook.find_student("alice").lms_user_id is None
    assert peer.users["bob"].encode() in ledger.read_bytes()
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


def test_every_folder_of_the_course_has_the_same_ledger_and_addresses(
    run: Run, graded: str, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    run("push", graded, "--yes")
    below = course / "source" / "week1"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    status, said = run("push", graded)
    assert "0 to send, 2 the same, 0 kept back." in said, said
    assert status == 0
    assert list(below.iterdir()) == []


def test_replacing_others_grades_is_asked_for_one_by_one_named(
    run: Run, graded: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("push", graded, "--yes")
    items = peer.items()
    item = items.find(graded)
    assert item is not None
    items.send(item, Score(peer.users["bob"], 11, 20, "by hand"), items.service.http.clock.now() + 5)
    questions: list[str] = []

    def answer(word: str) -> Callable[[str], str]:
        return lambda question: questions.append(question) or word  # type: ignore[func-returns-value]

    monkeypatch.setattr("builtins.input", answer("no"))
    status, said = run("push", graded, "--yes", "--overwrite")
    assert (status, len(questions)) == (1, 1)
    assert "1 grade that others gave on the platform would be replaced:\n  bob\t11/20 → 0/20" in said
    assert items.results(item)[peer.users["bob"]].score == 11
    time.sleep(6)
    monkeypatch.setattr("builtins.input", answer("yes"))
    status, said = run("push", graded, "--yes", "--overwrite")
    assert (status, "bob\t11/20 → 0/20\treplaced" in said) == (0, True)
    assert items.results(item)[peer.users["bob"]].score == 0


def test_a_lost_ledger_is_made_up_for_by_adopting(
    run: Run, graded: str, course: Path, gradebook: Gradebook, peer: Peer
) -> None:
    run("push", graded, "--yes")
    (course / "lms-ledger.sqlite3").unlink()
    gradebook.find_grade("test", "1_gap", graded, "bob").auto_score = 6
    gradebook.db.commit()
    status, said = run("push", graded, "--yes")
    assert (status, "and not by us: kept" in said) == (1, True)
    status, said = run("push", graded, "--yes", "--adopt")
    assert (status, "bob\t0/20 → 6/20\ttaken for our own; not sent" in said) == (1, True)
    status, said = run("push", graded, "--yes")
    assert (status, "bob\t0/20 → 6/20\tsent" in said) == (0, True)


def test_a_column_that_a_teacher_made_is_used(run: Run, graded: str, course: Path, peer: Peer) -> None:
    items = peer.items()
    data = {"label": "Teacher's", "scoreMaximum": 20, "resourceId": "by-hand", "tag": "hand"}
    made = items.service.request("POST", items.url, "application/vnd.ims.lis.v2.lineitem+json", data).json()
    with (course / "lms.toml").open("a") as file:
        file.write(f'[platform.columns]\n"{graded}" = "{made["id"]}"\n')
    assert run("push", graded, "--yes")[0] == 0
    assert items.find(graded) is None
    assert items.results(items.at(made["id"]))[peer.users["alice"]].score == 17.5


def test_everything_goes_to_every_section_and_to_its_own_people_only(
    run: Run, graded: str, course: Path, peer: Peer
) -> None:
    p = peer.platform
    text = (course / "lms.toml").read_text()
    for name in ("A", "B"):
        text += f'[sections.{name}]\nlineitems_url = "{p.lineitems_url}?section={name}"\n'
    (course / "lms.toml").write_text(text)
    status, said = run("push", "--all", "--yes")
    assert (status, "It is not known who is in section A" in said) == (1, True)
    with Ledger(course / "lms-ledger.sqlite3") as ledger:
        ledger.set_members(f"{p.lineitems_url}?section=A", [peer.users["alice"]])
        ledger.set_members(f"{p.lineitems_url}?section=B", [peer.users["bob"], peer.users["carol"]])
    status, said = run("push", "--all", "--yes")
    assert status == 0
    first, second = said.split(f"Section B, {graded}:")
    assert "alice" in first.split(f"Section A, {graded}:")[1]
    assert "bob" not in first
    assert "bob" in second
    assert "alice" not in second


def test_what_the_key_may_do_is_tried(run: Run, course: Path, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = run("check")
    assert said.count("✓") == 5
    assert (status, "use “lms roster --by-email”" in said) == (1, True)
    silent = [nrps.Member("1", frozenset()), nrps.Member("2", frozenset())]
    monkeypatch.setattr(nrps, "read_members", lambda service, url: silent)
    assert "privacy level to Public" in run("check")[1]
    assert "privacy level to Public" in run("roster")[1]


def test_two_students_with_one_id_are_refused_by_name_and_the_rest_goes_out(
    run: Run, graded: str, gradebook: Gradebook, peer: Peer
) -> None:
    """carol's work waits for a person: bob's grade must not go to her all the same."""
    gradebook.find_student("carol").lms_user_id = peer.users["bob"]
    gradebook.db.commit()
    status, said = run("push", graded, "--yes")
    assert status == 1
    assert "bob\t— → 0/20\tcarol has the same id of the platform: run “lms roster --overwrite --yes”" in said
    assert "alice\t— → 17.5/20\tsent" in said
    item = peer.items().find(graded)
    assert item is not None
    assert set(peer.items().results(item)) == {peer.users["alice"]}


def test_the_report_of_a_broken_push_names_who_is_there(
    run: Run, graded: str, monkeypatch: pytest.MonkeyPatch, peer: Peer
) -> None:
    send = LineItems.send

    def once(items: LineItems, item: LineItem, score: Score, timestamp: float) -> None:
        if score.user == peer.users["bob"]:
            error = LmsRefused("The platform refused.")
            error.status = 401
            raise error
        send(items, item, score, timestamp)

    monkeypatch.setattr(LineItems, "send", once)
    monkeypatch.setattr("autograder.lms.push.BATCH", 1)
    status, said = run("push", graded, "--yes")
    assert status == 1
    assert "alice\t— → 17.5/20\tsent" in said
    assert "bob\t— → 0/20\tsent" not in said
    assert "1 sent, 0 were the same, 1 not sent." in said
    assert "broken off. Run it again" in said
    monkeypatch.setattr(LineItems, "send", send)
    assert run("push", graded, "--yes")[0] == 0
