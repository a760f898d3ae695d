"""The page of practice in a real browser: a notebook is sent, waits, and its feedback is there, for everyone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Open, Watched
from tests.mini.course import MiniCourse
from tests.practice.serving import SECONDS, notebook, serving

pytestmark = pytest.mark.browser
OPEN = "c.Practice.cooldown_seconds = 0\nc.Practice.max_notebook_bytes = 200_000\n"
LOOKS = ((1100, False), (1100, True), (375, False), (375, True))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    return MiniCourse(tmp_path_factory.mktemp("course"), extra=OPEN)


@pytest.fixture(scope="module")
def address(course: MiniCourse) -> Iterator[str]:
    with serving(course) as address:
        yield address


@pytest.fixture
def files(course: MiniCourse, tmp_path: Path) -> dict[str, Path]:
    """A notebook with a mistake, the right one, and something that is too large."""
    wrong = notebook(course, double="def double(x):\n    return 3 * x", word="word = 'left'")
    contents = {"wrong": wrong, "right": notebook(course), "large": bytes(300_000), "strange": b"PK"}
    found = {name: tmp_path / f"{name}.ipynb" for name in contents}
    for name, path in found.items():
        path.write_bytes(contents[name])
    return found


def hand_in(seen: Watched, address: str, file: Path) -> None:
    seen.page.goto(address)
    seen.page.locator("input[type=file]").set_input_files(file)
    seen.page.locator("button").click()


def feedback(seen: Watched, address: str, file: Path) -> None:
    """Hand in, and wait for the page, which comes by itself."""
    hand_in(seen, address, file)
    seen.page.wait_for_url("**/page", timeout=SECONDS * 1000)


def test_a_notebook_waits_and_its_page_comes_by_itself(address: str, files: dict[str, Path], open_page: Open) -> None:
    seen = open_page(address)
    hand_in(seen, address, files["wrong"])
    status = seen.page.get_by_role("status")
    assert status.is_visible()
    assert any(word in status.inner_text() for word in ("Before yours", "being looked at"))
    seen.page.wait_for_url("**/page", timeout=SECONDS * 1000)
    assert "double gives something else" in seen.page.locator("main").inner_text()
    feedback(seen, address, files["right"])
    seen.page.goto(address)
    first = seen.page.locator(".attempts > li").first.inner_text()
    assert "3 of 3 checks passed" in first
    assert "A tiny assignment: 0 → 2" in first
    assert seen.errors == []
    assert {url.split("/")[2] for url in seen.requests if not url.startswith("data:")} == {address.split("/")[2]}


def test_the_page_says_that_a_file_is_too_large_and_sends_nothing(
    address: str, files: dict[str, Path], open_page: Open
) -> None:
    seen = open_page(address)
    asked = len(seen.requests)
    hand_in(seen, address, files["large"])
    assert seen.page.get_by_role("alert").inner_text().startswith("This file is larger than 0.2 MB.")
    sent = [r for r in seen.requests[asked:] if r != address]
    assert [r for r in sent if "static" not in r] == []
    hand_in(seen, address, files["strange"])
    assert "not a Jupyter notebook" in seen.page.locator("p.problem[role=alert]:visible").inner_text()


def test_a_keyboard_is_enough(address: str, files: dict[str, Path], open_page: Open) -> None:
    seen = open_page(address)
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    seen.page.locator("input[type=file]").set_input_files(files["right"])
    for _step in range(8):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_url("**/page", timeout=SECONDS * 1000)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_page_is_accessible_in_light_and_dark_on_desk_and_phone(
    width: int, dark: bool, language: str, course: MiniCourse, address: str, files: dict[str, Path], open_page: Open
) -> None:
    seen = open_page(f"{address}?lang={language}", width=width, dark=dark, bypass_csp=True)
    look = f"{width}-{'dark' if dark else 'light'}-{language}"
    files["wrong"].write_bytes(notebook(course, word=f"word = {look!r}"))  # no known answer, which would not wait
    found = []
    for name in ("empty", "problem", "waiting", "done", "list", "nothing", "grader"):
        if name == "problem":
            hand_in(seen, address, files["strange"])
        elif name == "waiting":
            seen.page.route("**/state", lambda route: route.abort())  # else it goes on by itself, while it is looked at
            hand_in(seen, address, files["wrong"])
        elif name == "done":
            seen.page.unroute("**/state")
            seen.page.wait_for_url("**/page", timeout=SECONDS * 1000)
        elif name == "list":
            feedback(seen, address, files["right"])
            seen.page.goto(address)
        elif name == "grader":
            seen.page.goto(f"{address}grader?key={(course.root / '.autograder/practice/grader-token').read_text()}")
        elif name == "nothing":
            seen.page.goto(f"{address}attempt/999999")
        seen.shoot(f"practice-{name}-{look}")
        found += [f"{name}: {problem}" for problem in seen.axe()]
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.evaluate("document.documentElement.lang") == language or name == "done"
    assert found == []
