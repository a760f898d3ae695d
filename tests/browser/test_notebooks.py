"""The released notebooks in JupyterLab, as a new learner meets them: one task done right, one wrong, both languages."""

import shutil
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from autograder.classroom import solutions
from tests.browser.conftest import ROOT, Open
from tests.browser.course import jupyter

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOW = 240_000  # ms: TensorFlow starts, a model is trained
CHAPTER = "2_l1_l2.ipynb"
RIGHT, WRONG = "penalty", "l2_layer"
FORGETS_THE_PENALTY = "def build_l2_model():\n    return build_given_model()"
SAYS = {
    "regularisation": (
        "✓ Trois",
        "Les valeurs sont justes",
        "Aucune couche du modèle de build_l2_model n’ajoute",
    ),
    "regularization": (
        "✓ Three",
        "The values are right on this example",
        "No layer of the model of build_l2_model adds",
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab where the released folders lie."""
    home = tmp_path_factory.mktemp("n") / "home"
    shutil.copytree(ROOT / "release", home)
    with jupyter(home, home.parent / "jupyter.log") as url:
        yield url


class Notebook:
    """An open notebook that is worked through from top to bottom with the keyboard."""

    def __init__(self, page: Page, assignment: str) -> None:
        self.page = page
        self.cells: Any = nbformat.read(ROOT / "release" / assignment / CHAPTER, as_version=4).cells
        self.idle = page.get_by_role("button", name="Python 3 (ipykernel) | Idle")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=SLOW)
        expect(self.idle).to_be_visible(timeout=SLOW)
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Escape")
        self.at = 0

    def cell(self, name: str) -> Locator:
        """The cell with this id."""
        number = [cell.id for cell in self.cells].index(name)
        return self.page.locator(f'.jp-Notebook [data-windowed-list-index="{number}"]')

    def run_to(self, last: str, typed: dict[str, str]) -> None:
        """Run what follows up to the cell `last`, with these cells' text typed in."""
        end = [cell.id for cell in self.cells].index(last)
        for number in range(self.at, end + 1):
            if text := typed.get(self.cells[number].id):
                self.page.keyboard.press("Enter")
                self.page.keyboard.press("Control+a")
                self.page.keyboard.insert_text(text)
            self.page.keyboard.press("Shift+Enter")
        self.at = end + 1


@pytest.mark.parametrize("assignment", SAYS)
def test_a_new_learner_is_helped_in_the_language_of_the_folder(assignment: str, server: str, open_page: Open) -> None:
    seen = open_page(f"{server}/lab/workspaces/{assignment}/tree/{assignment}/{CHAPTER}")
    seen.page.set_viewport_size({"width": 1100, "height": 2400})  # a picture then shows a whole section
    notebook = Notebook(seen.page, assignment)
    right, form, wrong = SAYS[assignment]
    answers = {RIGHT: solutions(ROOT / "source" / assignment / CHAPTER)[RIGHT], WRONG: FORGETS_THE_PENALTY}

    notebook.run_to(f"{RIGHT}_test", answers)
    told = notebook.cell(f"{RIGHT}_test").locator(".jp-OutputArea-output")
    expect(told).to_contain_text(right, timeout=SLOW)
    expect(told).to_contain_text(form)
    seen.shoot(f"notebook-{assignment}-right")

    notebook.run_to(f"{WRONG}_test", answers)
    told = notebook.cell(f"{WRONG}_test").locator(".jp-OutputArea-output")
    expect(told).to_contain_text(wrong, timeout=SLOW)
    expect(told).not_to_contain_text("Traceback")
    expect(notebook.cell("given-train").locator("svg").last).to_be_visible()
    seen.shoot(f"notebook-{assignment}-wrong")
