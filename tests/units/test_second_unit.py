"""A unit of another subject, graded by plain nbgrader: nothing of the engine was written for it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.classroom import answers, solutions
from autograder.grading.grader import Grader
from autograder.records import Files
from autograder.unit import load
from tests.mini.course import MiniCourse
from tests.mini.jobs import job

COURSE = Path(__file__).parent / "ridge_course"
UNIT = load("tests.units.ridge")
FRENCH, ENGLISH = "regression_penalisee", "penalized_regression"
TYPED = {  # assignment → learner → what differs from the reference solution
    ENGLISH: {
        "ada": "",
        "hard": "# %% coordinate_step\n{solution}\ndef soft_threshold(z, t):\n    return z * (abs(z) > t)",
    },
    FRENCH: {"emile": "", "weak": "# %% cross_validation\n{solution}\nbest_alpha = 0.01"},
}
FULL = {"ridge_by_hand": 4.0, "coordinate_step": 4.0, "cross_validation": 7.0}


class RidgeCourse(MiniCourse):
    """A copy of the course, one of whose assignments is handed in and graded as a lecturer does it."""

    def __init__(self, root: Path, assignment: str) -> None:
        shutil.copytree(COURSE, root)
        self.root, self.assignment = root, assignment
        config = f"c = get_config()\nload_subconfig('nbgrader_config.py', path={str(COURSE)!r})\nc.Scale.workers = 1\n"
        (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
        self.nbgrader("generate_assignment", assignment)
        for student, typed in TYPED[assignment].items():
            self.submit(student, typed)
        self.nbgrader("autograde", assignment)
        self.nbgrader("generate_feedback", assignment)

    def submit(self, student: str, typed: str) -> None:
        folder = self.root / "submitted" / student / self.assignment
        shutil.copytree(self.root / "release" / self.assignment, folder)
        right = solutions(self.root / "source" / self.assignment / "1_ridge.ipynb")
        nb = nbformat.read(folder / "1_ridge.ipynb", as_version=4)
        own = {name: text.replace("{solution}", right[name]) for name, text in answers(typed).items()}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in right:
                cell.source = own.get(name, right[name])
        nbformat.write(nb, folder / "1_ridge.ipynb")

    def page(self, student: str) -> str:
        """The learner's feedback page."""
        return (self.root / "feedback" / student / self.assignment / "1_ridge.html").read_text(encoding="utf-8")

    def points(self) -> dict[str, dict[str, float | None]]:
        """Learner → task → automatic score."""
        with self.gradebook() as gradebook:
            grades = {
                student: gradebook.find_submission_notebook("1_ridge", self.assignment, student).grades
                for student in TYPED[self.assignment]
            }
            return {s: {g.name.removesuffix("_test"): g.auto_score for g in found} for s, found in grades.items()}


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> RidgeCourse:
    return RidgeCourse(tmp_path_factory.mktemp("french") / "course", FRENCH)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> RidgeCourse:
    return RidgeCourse(tmp_path_factory.mktemp("english") / "course", ENGLISH)


def test_nbgrader_grades_it_by_configuration_alone_and_the_page_is_french(french: RidgeCourse) -> None:
    assert french.points() == {"emile": FULL, "weak": {**FULL, "cross_validation": 5.0}}
    page = french.page("weak")
    assert '<html lang="fr">' in page
    assert "le modèle surapprend encore" in page
    assert "lignes réservées à la correction" in page
    assert "alpha = 0,01" in page
    assert page.count('<figure class="curves">') == 1


@pytest.mark.slow
def test_in_english_the_same_notebook_has_an_english_page(english: RidgeCourse) -> None:
    # the step of the lasso calls the learner's own threshold
    assert english.points() == {"ada": FULL, "hard": {**FULL, "coordinate_step": 0.0}}
    page = english.page("hard")
    assert '<html lang="en">' in page
    assert "that is a hard threshold" in page
    assert "rows kept for grading" in page
    assert page.count('<figure class="curves">') == 1


@pytest.mark.parametrize(("language", "title"), [("en", "The alphas that were chosen"), ("fr", "Les alphas choisis")])
def test_the_class_report_has_the_units_section(
    french: RidgeCourse, language: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(french.root)
    assert main(["report", FRENCH, "--language", language, "--json", "numbers.json"]) == 0
    assert title in Path("reports", f"{FRENCH}.html").read_text(encoding="utf-8")
    rows = json.loads(Path("numbers.json").read_text(encoding="utf-8"))["drawn"]
    assert rows == [{"power": -2, "learners": 1}, {"power": 1, "learners": 1}]


def test_nothing_hidden_is_released(french: RidgeCourse) -> None:
    hidden = UNIT.folder / "data" / "rents.npz"
    for path in (french.root / "release").rglob("*"):
        assert path.name in {FRENCH, ENGLISH, "1_ridge.ipynb", "rents.npz"}
        if path.name == "rents.npz":
            assert path.read_bytes() != hidden.read_bytes()
        if path.suffix == ".ipynb":
            assert "SOLUTION" not in path.read_text(encoding="utf-8")


SPY = b'''

import sys

spy = Task("spy")
eye = spy.value("eye")


@spy.check(points=1)
def loaded(eye):
    """Which libraries the checking process has loaded."""
    found = {name.split(".")[0] for name in sys.modules} & {"numpy", "keras", "tensorflow", "jax", "torch", "sklearn"}
    mapped = "libtensorflow" in open("/proc/self/maps").read()
    fail("{found} {mapped}", found=" ".join(sorted(found)), mapped=mapped)
'''


@pytest.fixture
def grader(tmp_path: Path) -> Iterator[Grader]:
    made = Grader(tmp_path / "store")
    yield made
    made.close()


def test_the_checking_process_never_imports_keras_or_tensorflow(grader: Grader) -> None:
    files = dict(UNIT.source.files.content)
    files["ridge/checks.py"] += SPY
    spied = replace(UNIT.source, files=Files(files))
    work = job(["eye = 1", "# test: spy", "best_alpha = 30.0", "# test: cross_validation"], unit=spied)
    work = replace(work, submission=replace(work.submission, notebook="1_ridge"))
    graded = grader.grade(work)
    assert graded.fault == ""
    (seen,) = graded.grades["spy"].results
    assert seen.message is not None
    assert seen.message.render("en") == "numpy False"
    assert graded.grades["cross_validation"].score == 2.0
