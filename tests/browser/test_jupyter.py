"""A learner in JupyterLab and an instructor in the formgrader, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.course import ANSWER, hand_in, jupyter, make_course

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOW = 180_000  # ms: a kernel starts, a submission is graded
HOSTILE = (
    "Because **it is so**. <script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> "
    "[my solution](javascript:window.hacked=3) <a href='javascript:window.hacked=4'>my proof</a> "
    "![a picture](http://127.0.0.2:9/picture.png) $\\text{&lt;meta http-equiv=refresh content=0&gt;}$ "
    "$\\href{javascript:window.hacked=5}{my formula}$"
)
PIXEL = "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489" + (
    "0000000d49444154789c63686868f80f00058402808ccd66260000000049454e44ae426082"
)
FIGURE = f"\nfrom IPython.display import Image\ndisplay(Image(bytes.fromhex('{PIXEL}'), width=200))"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course, with one submission whose text is hostile."""
    folder = tmp_path_factory.mktemp("c") / "course"
    folder.mkdir()
    make_course(folder)
    hand_in(
        folder,
        "mallory",
        ANSWER.replace("2 *", "3 *") + f"\nfrom IPython.display import HTML\ndisplay(HTML('''{HOSTILE}'''))" + FIGURE,
        HOSTILE,
    )
    return folder


@pytest.fixture(scope="module")
def server(course: Path) -> Iterator[str]:
    """JupyterLab in the course folder."""
    with jupyter(course, course.parent / "jupyter.log") as url:
        yield url


def test_a_learner_runs_a_cell_does_the_task_and_validates(server: str, open_page: Open) -> None:
    lab = open_page(f"{server}/lab/tree/release/tiny/1_tiny.ipynb")
    page = lab.page
    notebook = page.locator(".jp-Notebook")
    notebook.locator(".jp-CodeCell").first.wait_for(timeout=SLOW)
    expect(page.get_by_role("button", name="Python 3 (ipykernel) | Idle")).to_be_visible(timeout=SLOW)
    notebook.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    expect(notebook.locator(".jp-OutputArea-output").first).to_contain_text("42", timeout=SLOW)
    lab.shoot("jupyterlab-run")

    validate(page)
    expect(page.get_by_role("dialog")).to_contain_text("NotImplementedError", timeout=SLOW)
    lab.shoot("jupyterlab-not-written-yet")
    page.get_by_role("dialog").get_by_role("button").last.click()

    notebook.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(ANSWER)
    text = notebook.locator(".jp-MarkdownCell").last
    text.locator(".jp-RenderedMarkdown").dblclick()
    text.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Because it is twice as much.")
    page.keyboard.press("Control+Enter")
    validate(page)
    expect(page.get_by_role("dialog")).to_contain_text("Success", timeout=SLOW)
    lab.shoot("jupyterlab-validated")


def validate(page: Page) -> None:
    """Press nbgrader's button."""
    page.get_by_role("button", name="Validate").first.click()


def test_an_instructor_grades_from_the_formgrader(server: str, course: Path, open_page: Open) -> None:
    manage = open_page(f"{server}/formgrader/manage_submissions/tiny")
    press(manage.page, "autograde")
    manage.shoot("formgrader-autograded")

    listed = open_page(f"{server}/formgrader/gradebook/tiny/1_tiny")
    listed.page.get_by_role("link", name="Submission #1").click()
    page = listed.page
    report = page.locator(".ag-report")
    expect(report).to_contain_text("gives something else than twice its argument", timeout=SLOW)
    expect(report).to_contain_text("0 of 2 points")
    for link in ("my solution", "my proof", "my formula"):
        page.get_by_text(link).last.click()
    expect(report).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert not [url for url in listed.requests if "127.0.0.2" in url]
    assert page.locator("#notebook img").last.evaluate("image => getComputedStyle(image).borderTopWidth") == "0px"
    assert page.evaluate("formgrader.loaded")  # its keys work without MathJax, too
    add_up(page)
    listed.shoot("formgrader-submission")
    page.reload()
    expect(page.get_by_label("the answer")).to_have_value("2.5", timeout=SLOW)
    expect(page.locator("#explain")).to_have_value("3.5")

    manage = open_page(f"{server}/formgrader/manage_submissions/tiny")
    press(manage.page, "generate-feedback")
    written = course / "feedback" / "mallory" / "tiny" / "1_tiny.html"
    seen = open_page(written.as_uri())
    expect(seen.page.get_by_role("article").filter(has_text="Exercise 2 — Justify").first).to_contain_text(
        "the answer: 2.5 / 3"
    )
    expect(seen.page.locator("h1")).to_have_text("Tiny")
    assert "3.5 / 4" in seen.page.content()
    assert seen.errors == []
    assert seen.page.evaluate("window.hacked") is None
    seen.shoot("feedback-of-the-formgrader")


def add_up(page: Page) -> None:
    """Fill in the parts of the rubric, and a comment, with the keyboard; the score is their sum."""
    page.locator("textarea.comment").last.fill("Well argued.")
    page.get_by_label("the answer").fill("9")  # more than there is: nothing is saved
    page.get_by_label("a reason").fill("1")
    page.keyboard.press("Tab")
    expect(page.locator("#explain")).to_have_value("")
    page.get_by_label("the answer").fill("2.5")
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT" and r.ok):
        page.keyboard.press("Tab")
    expect(page.locator("#explain")).to_have_value("3.5")
    expect(page.locator("textarea.comment").last).to_have_value(
        "- the answer: 2.5 / 3\n- a reason: 1 / 1\n\nWell argued."
    )
    page.wait_for_timeout(1000)  # the comment is saved, with no sign when it is done


def press(page: Page, button: str) -> None:
    """Press one of nbgrader's buttons in the learner's row and wait for its success."""
    page.locator(f"td.{button} a").first.click(timeout=SLOW)
    dialog = page.locator(".modal-dialog")
    expect(dialog).to_contain_text("Success", timeout=SLOW)
    dialog.get_by_role("button", name="Close").last.click()
