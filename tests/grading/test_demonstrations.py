"""Given cells that only show something: what counts is the author's mark in the release, and no answer needs them."""

import base64
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.execution.demonstrations import AS_HANDED_IN, NOT_EXECUTED, demonstrations_of, left_out, problems
from autograder.feedback.cells import YOURS
from autograder.grading import grader as grading
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.grading.notebooks import canonical
from autograder.i18n import translate
from autograder.scale.outcomes import with_shown
from tests.mini.course import REFERENCE, SECONDS, MiniCourse, own_unit
from tests.mini.jobs import job, printed

SHOWS = "import uuid\nshown = uuid.uuid4().hex\nprint(shown)"
TRIES = "tried = double(1)\nprint(tried)"
SOURCE = Path(__file__).parents[2] / "source"


def cell(source: str, *tags: str, **nbgraders: Any) -> Any:
    made = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    if nbgraders:
        made.metadata["nbgrader"] = {"grade": False, "solution": False, **nbgraders}
    return made


def answer(source: str) -> Any:
    return cell(source, solution=True, grade_id="double")


def graded() -> Any:
    return cell("# graded when handed in", grade=True, grade_id="double_test")


RELEASED = [
    cell("import os", "raises-exception"),
    cell(SHOWS, "demonstration"),
    answer("def double(x):\n    raise NotImplementedError()"),
    graded(),
    cell(TRIES, "demonstration"),
]
MARKED = demonstrations_of(RELEASED)


def handed_in(*between: Any, shows: str = SHOWS, own: str = REFERENCE["double"]) -> list[Any]:
    return [cell("import os"), cell(shows), *between, answer(own), graded(), cell(TRIES)]


def test_a_copy_of_a_marked_cell_is_left_out() -> None:
    assert left_out(handed_in(), MARKED.programs) == {1, 4}
    assert left_out(handed_in(shows=f"# see\n{SHOWS}  # my note"), MARKED.programs) == {1, 4}
    assert left_out(handed_in(), demonstrations_of([]).programs) == set()


def test_a_cell_that_a_learner_changed_or_uses_is_executed() -> None:
    assert left_out(handed_in(shows=f"{SHOWS}\nmine = 1"), MARKED.programs) == {4}
    assert left_out(handed_in(own="def double(x):\n    return 2 * len(shown) // 16"), MARKED.programs) == {4}
    assert left_out(handed_in(cell("%time print(shown)")), MARKED.programs) == {5}
    assert left_out(handed_in(cell("print(globals())")), MARKED.programs) == {5}


def test_a_learners_own_mark_counts_for_nothing() -> None:
    mine = cell("print('mine')", "demonstration")
    assert left_out(handed_in(mine), MARKED.programs) == {1, 5}
    answered = [*handed_in()[:2], answer(SHOWS), graded()]
    assert 2 not in left_out(answered, MARKED.programs)  # an answer, whatever it says


def test_what_draws_them_needs_no_answer() -> None:
    assert MARKED.given == ("import os", SHOWS)


def test_an_author_hears_what_a_mark_cannot_mean() -> None:
    wrong = [cell("a = 1", "demonstration"), cell("print(a)"), answer("b = 1"), cell("exec('c = 1')", "demonstration")]
    wrong[2].metadata["tags"] = ["demonstration"]
    told = [problem.render() for problem in problems(wrong)]
    assert [[c.id in text for c in wrong] for text in told] == [
        [False, False, True, False],
        [True, False, False, False],
        [False, False, False, True],
    ]
    assert "need what it does: a." in told[1]


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*/*.ipynb")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_courses_own_marks_can_be_heeded(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert list(problems(cells)) == []
    assert demonstrations_of(cells).programs


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs whose cells are executed during the test."""
    found: list[Job] = []
    execute = grading.execute

    async def noted(job: Job, *rest: Any) -> Any:
        found.append(job)
        return await execute(job, *rest)

    monkeypatch.setattr(grading, "execute", noted)
    return found


def with_cells(cells: list[Any], **about: Any) -> Job:
    plain = job([], **about)
    nb = nbformat.v4.new_notebook(cells=cells)
    return replace(plain, notebook=canonical(nb, left_out(cells, MARKED.programs)), demonstrations=MARKED)


def test_what_it_shows_is_drawn_once_and_holds_nothing_of_a_learners(grader: Grader) -> None:
    spoil = cell("import builtins, uuid\nbuiltins.print = lambda *a: None\nuuid.uuid4 = None")
    one, other = (grader.grade(with_cells(handed_in(*more), student=s)) for s, more in (("ada", [spoil]), ("bo", [])))
    assert [one.grades["double"].score, other.grades["double"].score] == [3.0, 3.0]
    assert re.fullmatch(r"[0-9a-f]{32}\n", printed(one.outputs, 1))
    assert one.outputs[1] == other.outputs[1]
    assert other.outputs[4][0]["data"]["text/plain"] == NOT_EXECUTED  # it needs an answer


def test_what_the_unit_brings_along_is_not_drawn(grader: Grader, runs: list[Job]) -> None:
    drawn = with_cells(handed_in())
    brought = {"1": [{"output_type": "stream", "name": "stdout", "text": "brought along\n"}]}
    known = replace(drawn, demonstrations=replace(MARKED, shown=brought))
    assert known.key != drawn.key
    sent = pickle.loads(pickle.dumps(known))
    assert (sent.key, sent.demonstrations.shown) == (known.key, {})  # to workers it goes without
    outcome = grader.grade(sent)
    assert not outcome.outputs.keys() & {1, 4}
    assert not [run for run in runs if not run.submission.student]
    whole = with_shown(outcome, known)
    assert printed(whole.outputs, 1) == "brought along\n"
    assert whole.outputs[4][0]["data"]["text/plain"] == NOT_EXECUTED


def test_authors_draw_what_is_marked_alone(grader: Grader) -> None:
    ((index, (output,)),) = grader.draw(with_cells(handed_in())).items()
    assert MARKED.given[int(index)] == SHOWS
    assert re.fullmatch(r"[0-9a-f]{32}\n", output["text"])


def test_a_cell_that_was_executed_cannot_say_that_it_was_not(grader: Grader) -> None:
    says = cell("from IPython.display import display\n"
                "display({'text/plain': 'x'}, raw=True, metadata={'left_out': True})")  # fmt: skip
    outcome = grader.grade(with_cells(handed_in(says)))
    assert outcome.outputs[2] == [{"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}]
    assert outcome.outputs[5][0]["metadata"] == {"left_out": True}


def test_a_comment_or_a_new_note_does_not_execute_again(grader: Grader, runs: list[Job]) -> None:
    mine = cell("import uuid\nprint(uuid.uuid4().hex)\nclass Of:\n    pass")
    first = grader.grade(with_cells(handed_in(mine)))
    reworded = cell("import uuid  # a word\n\nprint( uuid.uuid4().hex )\nclass Of:   pass")
    cells = [nbformat.v4.new_markdown_cell("why"), *handed_in(cell("# a comment"), reworded)]
    moved = grader.grade(with_cells(cells))
    assert (len(runs), moved.outputs[4]) == (1, first.outputs[2])
    assert moved.grades == first.grades
    changed = grader.grade(with_cells(handed_in(cell(f"{mine.source}\nmine = 1"))))
    assert (len(runs), changed.outputs[2] == first.outputs[2]) == (2, False)


def test_where_a_cell_raised_lines_are_those_that_were_handed_in(grader: Grader) -> None:
    raises = "def double(x):\n    return 1 / 0\ndouble(1)"
    for above in (0, 3):
        (error,) = grader.grade(with_cells(handed_in(own="# why\n" * above + raises))).outputs[2]
        assert f"line {2 + above}, in double" in re.sub(r"\x1b\[[0-9;]*m", "", "".join(error["traceback"]))


def write_source(course: MiniCourse, *first: Any, below: Sequence[Any] = ()) -> None:
    """Let the notebook begin with these cells, and have others below its last answer in code."""
    path = course.root / "source" / "mini" / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    *code, essay = (c for c in nb.cells if c.metadata.get("nbgrader"))
    nb.cells = [*first, *code, *below, essay]
    nbformat.write(nb, path)


def rewrite_first(course: MiniCourse, student: str, source: str) -> None:
    path = course.root / "submitted" / student / "mini" / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[0].source = source
    nbformat.write(nb, path)


def test_what_needs_an_answer_is_shown_as_it_was_handed_in(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course", workers=1)
    write_source(course, below=[cell(TRIES, "demonstration")])
    course.nbgrader("generate_assignment", "mini", "--force")
    course.hand_in("ada")
    path = course.root / "submitted" / "ada" / "mini" / "m.ipynb"
    nb = nbformat.read(path, as_version=4)
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(90)).decode()
    for one in nb.cells:
        if one.cell_type == "code":
            one.outputs = [nbformat.v4.new_output("display_data", {"image/png": png})]
    nbformat.write(nb, path)
    course.autograde()
    graded = nbformat.read(course.root / "autograded" / "ada" / "mini" / "m.ipynb", as_version=4)
    note, drawn = graded.cells[-2].outputs
    assert (note.data["text/plain"], drawn.data["image/png"]) == (AS_HANDED_IN, png)
    assert sum(png in str(one.get("outputs", "")) for one in graded.cells) == 1  # nothing else is taken over
    course.nbgrader("generate_feedback", "mini")
    (page,) = (course.root / "feedback" / "ada" / "mini").glob("*.html")
    assert translate(YOURS, "en") in page.read_text(encoding="utf-8")


def shown(course: MiniCourse, student: str) -> str:
    cells = nbformat.read(course.root / "autograded" / student / "mini" / "m.ipynb", as_version=4).cells
    return "".join(output.text for output in cells[0].outputs)


def test_nbgrader_leaves_them_out_unless_the_course_wants_them(tmp_path: Path) -> None:
    course = MiniCourse(tmp_path / "course", workers=1)
    write_source(course, cell("word = 1", "demonstration"), cell("print(word)"))
    said = course.nbgrader("generate_assignment", "mini", "--force", status=1)
    assert "other cells need what it does: word" in said

    write_source(course, cell(SHOWS, "demonstration"))
    course.nbgrader("generate_assignment", "mini", "--force")
    for student, source in (("ada", SHOWS), ("bo", f"{SHOWS}  # as ada's"), ("cy", f"{SHOWS}\nmine = 1")):
        course.hand_in(student)
        rewrite_first(course, student, source)
    course.autograde()
    assert len(shown(course, "ada")) == 33
    assert shown(course, "ada") == shown(course, "bo") != shown(course, "cy")

    executed = shown(course, "cy")
    for again, same in ((f"{SHOWS}\n\nmine=1  # other words", True), (f"{SHOWS}\nmine = 2", False)):
        rewrite_first(course, "cy", again)
        course.autograde("--force", "--student=cy")
        assert (shown(course, "cy") == executed) is same

    drawn = shown(course, "ada")
    course.configure("c.Course.execute_demonstrations = True\n", workers=1)
    course.autograde("--force", "--student=ada")
    assert shown(course, "ada") != drawn
    assert course.scores()["ada"] == {"double": 3.0, "word": 3.0}


def test_an_authors_unit_brings_along_what_release_drew(tmp_path: Path) -> None:
    root = tmp_path / "course"
    own_unit(root)
    course = MiniCourse(root, workers=1, unit="own_unit")
    write_source(course, cell(SHOWS, "demonstration"))
    words = [sys.executable, "-m", "autograder", "release"]
    file = root / "own_unit" / "shown" / "en" / "m.json"
    stale = file.with_name("gone.json")
    drawn = []
    for _time in range(2):
        subprocess.run(words, cwd=root, env=course.environment(), check=True, timeout=SECONDS)
        drawn.append(file.read_bytes())
        stale.touch()
    assert drawn[0] == drawn[1]  # it is current: not drawn anew, which would give another number
    course.hand_in("ada")
    course.autograde()
    ((output,),) = json.loads(drawn[0])["outputs"].values()
    assert shown(course, "ada") == output["text"]
    kept = [path.read_text() for path in (root / ".autograder").rglob("*.json")]
    assert kept
    assert not any(output["text"].strip() in text for text in kept)  # it is put in, not stored for each learner

    write_source(course, cell(f"{SHOWS}\nmore = 1", "demonstration"))  # now the file says nothing
    course.nbgrader("generate_assignment", "mini", "--force")
    course.hand_in("bo")
    course.autograde()
    assert shown(course, "bo") != output["text"]
