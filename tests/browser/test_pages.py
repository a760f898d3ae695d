"""The feedback page and the class report in a real browser: no error, no network, readable by everyone."""

from pathlib import Path

import pytest
from nbformat.v4 import new_output

from autograder.__main__ import main
from autograder.records import Outcome, TaskGrade
from tests.browser.conftest import Open
from tests.feedback.graded import PICTURE, lay_out, notebook, result, stored
from tests.feedback.test_page import HOSTILE, page

pytestmark = pytest.mark.browser
PAGES = ("feedback", "report")
LOOKS = ((1100, False), (1100, True), (360, False), (360, True))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with feedback.html and report.html, of a class in which someone is hostile."""
    folder = tmp_path_factory.mktemp("pages")
    outputs = [new_output("stream", text="3.2\n"), new_output("display_data", {"text/html": HOSTILE})]
    nb = notebook(outputs=outputs, essay=HOSTILE + "\n\nBecause $\\lambda = 10^{-3}$ is **enough**.")
    nb.cells[4].metadata.nbgrader["comment"] = "See `np.sum`. " + HOSTILE
    (folder / "feedback.html").write_text(page(nb), encoding="utf-8")
    lay_out(folder, notebook(HOSTILE))
    right = [result("passes", Outcome.PASSED, 6, picture={**PICTURE, "strengths": {"l2": 0.001, "rate": 0.5}})]
    lay_out(
        folder, notebook(stored=stored(TaskGrade("penalty", right), "en")), "bob", {"penalty_test": 6.0, "explain": 3.0}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["report", "unit", "--language", "en", "--output", "report.html"]) == 0
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_nothing_fails_and_nothing_is_fetched(name: str, pages: Path, open_page: Open) -> None:
    url = (pages / f"{name}.html").as_uri()
    seen = open_page(url)
    assert seen.errors == []
    assert [r for r in seen.requests if not r.startswith("data:")] == [url]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_a_page_is_accessible_in_light_and_dark_on_desk_and_phone(
    name: str, width: int, dark: bool, pages: Path, open_page: Open
) -> None:
    seen = open_page((pages / f"{name}.html").as_uri(), width=width, dark=dark, bypass_csp=True)
    seen.shoot(f"{name}-{width}-{'dark' if dark else 'light'}")
    assert seen.axe() == []
    seen.unfold()
    seen.shoot(f"{name}-{width}-{'dark' if dark else 'light'}-unfolded")
    assert seen.axe() == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "text"), [(360, 100), (550, 100), (1100, 200)])
def test_nobody_has_to_scroll_sideways_on_a_phone_or_at_twice_the_size(
    width: int, text: int, name: str, pages: Path, open_page: Open
) -> None:
    seen = open_page((pages / f"{name}.html").as_uri(), width=width)
    seen.page.evaluate("size => { document.documentElement.style.fontSize = size; }", f"{text}%")
    assert seen.too_wide() == 0
    seen.unfold()
    assert seen.too_wide() == 0


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_alone_unfolds_everything_and_shows_where_it_is(name: str, pages: Path, open_page: Open) -> None:
    seen = open_page((pages / f"{name}.html").as_uri())
    stops = seen.tab_stops()
    assert [stop for stop in stops if "(out of sight)" in stop or "(no outline)" in stop] == []
    assert seen.page.locator("details:not([open])").count() == 0
    wanted = seen.page.locator("a[href]:visible, summary:visible, [tabindex='0']:visible").count()
    assert len(stops) >= wanted > 5


def test_the_lesson_of_a_failed_task_unfolds_without_a_program(pages: Path, open_page: Open) -> None:
    seen = open_page((pages / "feedback.html").as_uri())
    folded = seen.page.locator("details.lesson")
    assert not folded.get_by_text("the weights").is_visible()
    seen.page.get_by_text("Read again: 1.1").click()
    assert folded.get_by_text("the weights").is_visible()


def test_the_lesson_is_folded_on_the_screen_and_open_on_paper(pages: Path, open_page: Open) -> None:
    seen = open_page((pages / "feedback.html").as_uri())
    lesson = seen.page.locator("details.lesson").get_by_text("the weights")
    heights = "() => document.documentElement.scrollHeight"
    on_screen = seen.page.evaluate(heights)
    assert not lesson.is_visible()
    seen.page.emulate_media(media="print")
    assert lesson.is_visible()
    assert seen.page.evaluate(heights) > on_screen
