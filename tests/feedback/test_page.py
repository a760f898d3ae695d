"""The page of one notebook, rendered from what grading leaves."""

import base64
import hashlib
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from autograder.execution.demonstrations import HANDED_IN, OF_THE_UNIT
from autograder.feedback.charts import charts_of
from autograder.feedback.exporter import render
from autograder.feedback.page import Chapter, Page
from autograder.feedback.text import markdown, printed, python
from autograder.grading.report import sentence
from autograder.grading.results import StoredResults, unpack
from autograder.i18n import Message
from autograder.records import CheckResult, Outcome, TaskGrade
from autograder.unit import load
from tests.feedback.graded import PICTURE, PIXEL, notebook, result, results, stored

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)><a href='javascript:alert(1)'>x</a>"
)


class Elements(HTMLParser):
    """The elements of a page: (tag, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def tags(self) -> list[str]:
        return [tag for tag, _attributes in self.found]


def page(nb: NotebookNode, scores: dict[str, Any] | None = None, **about: Any) -> str:
    """The HTML, with the gradebook's scores as the preprocessors would set them."""
    for cell in nb.cells:
        own = cell.metadata.get("nbgrader", {})
        if own.get("grade"):
            own |= (scores or {}).get(own["grade_id"], {"score": 2.0, "awaiting": own["solution"]})
    found = {"assignment": "unit", "student": "ada", "notebook": "1_penalties", "score": 2.0, "max_score": 10.0}
    given = unpack(nb.metadata) or StoredResults()
    shown = Page(nb, {**found, "late_penalty": 0, **about}, given, charts_of(load("autograder.units.regularization")))
    return render("page.html.j2", given.language, page=shown)


def test_every_check_is_shown_with_its_mark_and_what_was_found() -> None:
    html = page(notebook())
    assert "The check passes holds." in html
    assert "Your penalty is half of the expected one" in html
    assert "The check waits holds." in html
    assert html.index("Where to look first") < html.index('id="task-penalty"')


def test_the_lesson_of_a_failed_task_is_folded_below_it() -> None:
    html = page(notebook())
    assert '<details class="lesson"><summary>Read again: 1.1 · What a weight costs</summary>' in html
    lesson = html.partition('<div id="part-1">')[2].partition("</details>\n      <p")[0]
    assert "kernel_regularizer" in lesson
    assert "def l2_penalty" not in lesson


def test_every_link_within_the_page_has_its_target() -> None:
    elements = Elements(page(notebook())).found
    ids = {a["id"] for _tag, a in elements if "id" in a}
    links = {str(a["href"])[1:] for _tag, a in elements if str(a.get("href", "")).startswith("#")}
    assert links <= ids


def test_a_trained_model_is_drawn_beside_the_given_one_and_said_in_words() -> None:
    html = page(notebook())
    assert 'role="img" aria-label="Your model: after 40 epochs' in html
    assert "closes 29 % of the given model&#x27;s gap (median; from 25 % to 32 %" in html


def test_a_larger_gap_is_said_as_such() -> None:
    worse = result("worse", Outcome.FAILED, picture={**PICTURE, "reduction": [-0.4, -0.2, 0.1]})
    html = page(notebook(stored=stored(TaskGrade("penalty", [worse]), "en")))
    assert "gap is 20 % larger" in html


def test_numbers_that_are_not_finite_can_be_drawn() -> None:
    curve = [float("nan"), float("inf"), 1.0]
    picture = {"given": PICTURE["given"], "theirs": {"train": curve, "held_out": curve}, "reduction": [0.1, 0.2, 0.3]}
    strange = result("strange", Outcome.FAILED, picture=picture)
    html = page(notebook(stored=stored(TaskGrade("penalty", [strange]), "en")))
    assert "Lnan" not in html
    assert " nan" not in html.split("<path", 1)[1].split("<text", 1)[0]


def test_what_a_learner_writes_cannot_become_an_element_that_acts() -> None:
    outputs = [
        new_output("stream", text=HOSTILE),
        new_output("error", ename="E", evalue=HOSTILE, traceback=[f"\x1b[31m{HOSTILE}\x1b[0m"]),
        new_output(
            "display_data", {"text/html": HOSTILE + "<style>body{display:none}</style><form action=x><input></form>"}
        ),
        new_output("display_data", {"image/png": "x' onerror='alert(1)", "text/plain": HOSTILE}),
        new_output("display_data", {"image/svg+xml": HOSTILE, "text/markdown": HOSTILE}),
    ]
    elements = Elements(page(notebook(HOSTILE, outputs=outputs, essay=HOSTILE + " $\\text{<script>}$"))).found
    assert not {"script", "iframe", "object", "form", "input", "link"} & {tag for tag, _a in elements}
    assert not [name for _tag, a in elements for name in a if name.startswith("on")]
    assert not [a for _tag, a in elements if str(a.get("href", "")).startswith("javascript")]
    assert all(str(a["src"]).startswith("data:image/png;base64,") for tag, a in elements if tag == "img")
    assert [tag for tag, _a in elements].count("style") == 1


def test_a_policy_forbids_programs_and_fetching_anything() -> None:
    html = page(notebook())
    (policy,) = [a["content"] for _tag, a in Elements(html).found if a.get("http-equiv")]
    style = html.partition("<style>")[2].partition("</style>")[0]
    own = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{own}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_graders_log_and_broken_checks_are_not_shown() -> None:
    broken = CheckResult("penalty", "breaks", "It holds.", 2, Outcome.ERROR, detail="KeyError: expected 0.12345")
    html = page(notebook(stored=stored(TaskGrade("penalty", [*results(), broken]), "en")))
    assert "0.12345" not in html
    assert "KeyError" not in html
    assert "Our check broke here" in html


def test_formulas_are_mathml_and_what_is_no_formula_stays_readable() -> None:
    html = page(notebook(essay="$\\lambda$ and $\\frac{$ and $\\arg x$"))
    assert "<math" in html
    assert "<mi>λ</mi>" in html
    assert "<code>\\frac{</code>" in html
    assert "mathjax" not in html.lower()


COVER = "<div style=position:fixed;inset:0><meta http-equiv=refresh content='0;url=https://example.com'></div>"


@pytest.mark.parametrize(
    "wrap", ["$\\text{{{}}}$", "$$\\mbox{{{}}}$$", "{}", "| a |\n|---|\n| {} |", "`{}`", "[{0}](x '{0}')"]
)
@pytest.mark.parametrize("text", [COVER, COVER.replace("<", "&lt;"), COVER.replace("<", "\\&lt;")])
def test_whatever_a_text_becomes_is_cleaned_last(wrap: str, text: str) -> None:
    elements = Elements(page(notebook(essay=wrap.format(text)))).found
    assert [a.get("http-equiv") for tag, a in elements if tag == "meta" and "http-equiv" in a] == [
        "Content-Security-Policy"
    ]
    assert not [a for _tag, a in elements if "style" in a]


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "JaVa\tScript:alert(1)", "data:text/html,x", "//example.com", "/a"),
        *(
            "http:mine.html",
            "HTTPS:mine.html",
            "http:/mine.html",
            "http:///mine.html",
            "http:\\\\mine.html",
            "https:?a",
        ),
    ],
)
def test_a_link_in_markdown_leads_to_the_web_or_nowhere(link: str) -> None:
    essay = f"[a]({link}) [b][b] <{link}> <a href='{link}'>c</a>\n\n[b]: {link}\n\n[w](https://example.org/)"
    found = [a.get("href") for tag, a in Elements(page(notebook(essay=essay))).found if tag == "a"]
    assert [str(href) for href in found if href and not href.startswith("#")] == ["https://example.org/"]


def test_what_sanitizing_has_escaped_in_formulas_and_code_is_readable() -> None:
    html = page(notebook(essay="$a &lt; b$, `x &amp; y`, &lt;script&gt;alert(1)&lt;/script&gt;"))
    assert "<mo>&lt;</mo>" in html
    assert "<code>x &amp; y</code>" in html
    assert "script" not in Elements(html).tags()


def test_a_page_stays_under_500_kilobytes_however_much_was_printed() -> None:
    picture = "A" * 300_000
    outputs = [new_output("display_data", {"image/png": picture}) for _ in range(9)]
    outputs += [new_output("stream", text="<&>" * 100_000) for _ in range(9)]
    html = page(notebook("x = '&'\n" * 100_000, outputs=outputs, essay="* $x$\n" * 20_000))
    assert len(html.encode()) < 500_000
    assert "Left out here, because the page would become too large." in html


def test_a_persons_score_and_comment_are_shown() -> None:
    nb = notebook()
    nb.cells[-1].metadata.nbgrader["comment"] = "Well **argued**."
    scores = {"penalty_test": {"score": 5.0}, "explain": {"score": 3.5}}
    html = page(nb, scores)
    assert "Well <strong>argued</strong>." in html
    assert "3.5 / 4" in html
    assert "A person has looked at this task and decided on the points." in html
    assert "still to be given" not in html


def test_a_task_that_waits_for_a_person_has_no_points_yet() -> None:
    html = page(notebook())
    assert "4 points are still to be given by a person." in html
    assert "A person will read and grade this." in html


def test_points_lost_by_coming_late_are_named() -> None:
    assert "1.5 points were taken off" in page(notebook(), late_penalty=1.5)


def test_a_notebook_graded_without_results_gives_a_page() -> None:
    nb = notebook()
    nb.metadata.pop("autograder")
    assert "<h1>1 · Penalties</h1>" in page(nb)


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [int(tag[1]) for tag in Elements(page(notebook())).tags() if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_pictures_are_described() -> None:
    pictures = [a for tag, a in Elements(page(notebook())).found if tag == "img"]
    assert [a["alt"] for a in pictures] == ["Two ellipses."]


def test_a_model_whose_training_is_not_finite_is_drawn_as_far_as_it_is_and_said_to_be_so() -> None:
    nan = float("nan")
    for theirs in ([2.0, 1.5, nan, nan], [nan] * 4):
        for reduction in ({}, {"reduction": [nan, nan, nan]}, {"reduction": [float("-inf")] * 3}):
            picture = {"given": PICTURE["given"], "theirs": {"train": theirs, "held_out": theirs}, **reduction}
            strange = result("strange", Outcome.FAILED, picture=picture)
            html = page(notebook(stored=stored(TaskGrade("penalty", [strange]), "en")))
            assert "losses that are not finite" in html
            assert "nan" not in html.split('<figure class="curves">')[1].split("</figure>")[0]
            assert ("no epoch of its training" in html) is (theirs[0] != theirs[0])


def test_checks_that_wait_stand_with_the_check_that_they_wait_for() -> None:
    html = page(notebook())
    failed = html.partition("The check fails holds.")[2]
    assert "One more is looked at as soon as this passes" in failed
    assert failed.index("One more is looked at") < failed.index("The check waits holds.")
    assert html.count("The check waits holds.") == 1
    waits = results()[2]
    assert sentence(waits, "en") == "This is looked at as soon as another check passes: The check fails holds."
    assert "dès qu’un autre contrôle" in sentence(waits, "fr")


def test_a_task_that_was_not_begun_is_a_line() -> None:
    nb = notebook("# ✏️\nraise NotImplementedError()")
    nb.cells[4].metadata.nbgrader["comment"] = "No response."
    html = page(nb, {"penalty_test": {"score": 0.0}, "explain": {"score": 4.0}})
    line = html.partition('<p id="task-penalty"')[2].partition("</p>")[0]
    assert "By hand: not begun" in line
    assert "raise NotImplementedError" not in html
    assert "Begin with Exercise 1.1 — By hand" in html
    assert "Well done" not in html


def test_the_same_drawing_stands_once_in_a_task() -> None:
    twice = [result(name, Outcome.FAILED, picture=PICTURE) for name in ("one", "two")]
    other = result("three", Outcome.FAILED, picture={**PICTURE, "reduction": [0.1, 0.2, 0.3]})
    assert page(notebook(stored=stored(TaskGrade("penalty", twice), "en"))).count('<figure class="curves">') == 1
    assert (
        page(notebook(stored=stored(TaskGrade("penalty", [*twice, other]), "en"))).count('<figure class="curves">') == 2
    )


def test_what_several_checks_found_is_said_once() -> None:
    message = Message("Is it a mean or a sum?")
    same = [result(name, Outcome.FAILED, message=message) for name in ("one", "two")]
    html = page(notebook(stored=stored(TaskGrade("penalty", same), "en")))
    assert html.partition('id="mend"')[2].count("Is it a mean or a sum?") == 1
    assert "For the same reason." in html


def test_whom_to_ask_is_of_the_courses_choosing_and_the_task_is_named() -> None:
    assert 'class="contact"' not in page(notebook())
    html = page(notebook(), contact="prof@example.org")
    assert 'href="mailto:prof@example.org?subject=unit%20/%201_penalties%20/%20penalty%20%28fails%29"' in html
    html = page(notebook(), contact="Tuesdays at 4, <room> 12")
    assert "Ask: Tuesdays at 4, &lt;room&gt; 12 Name “unit / 1_penalties / penalty (fails)”." in html
    assert '<a href="https://example.org/forum">' in page(notebook(), contact="https://example.org/forum")
    assert (
        "href"
        not in page(notebook(), contact="javascript:alert(1)").partition('class="contact">')[2].partition("</p>")[0]
    )


def test_what_has_changed_since_the_attempt_before_is_said() -> None:
    def told(before: dict[str, float]) -> str:
        given = stored(TaskGrade("penalty", results()), "en") | {"handed_in": "2026-03-02", "before": before}
        return page(notebook(stored=given))

    assert "Since your last attempt: Exercise 1.1 — By hand 0.5 → <b>2</b>" in told({"penalty": 0.5})
    assert "no task has gained or lost points" in told({"penalty": 2.0})
    assert "last attempt" not in told({})


def test_the_chapters_of_the_assignment_are_added_up() -> None:
    html = page(notebook(), chapters=[Chapter("1_penalties", 2.0, 10.0, True), Chapter("2_more", None, 5.0)])
    table = html.partition('<table class="chapters">')[2].partition("</table>")[0]
    assert "2 / 10 …" in table
    assert "– / 5" in table
    assert "2 / 15" in table


def test_a_figure_that_is_too_large_is_left_out_alone_and_its_size_is_said() -> None:
    outputs = [new_output("display_data", {"image/png": text}) for text in ("A" * 200_000, PIXEL)]
    html = page(notebook(outputs=outputs))
    assert "A figure of 150 KB is left out here: more than 90 KB" in html
    assert PIXEL in html


def test_what_the_notebook_draws_of_an_answer_stands_beside_it() -> None:
    nb = notebook()
    drawn = new_output("display_data", {"image/png": "BBBB", "text/plain": "Their curves."})
    nb.cells.insert(5, new_code_cell("lab.plot(l2_penalty)", outputs=[drawn]))
    answer = page(nb).partition('<div class="answer">')[2].partition("</div>")[0]
    assert "l2_penalty" in answer
    assert 'alt="Their curves."' in answer
    assert "that you handed in" not in answer
    handed_in = new_output("display_data", {"text/plain": "Theirs."}, metadata={HANDED_IN: True})
    nb.cells[5].outputs.insert(0, handed_in)
    answer = page(nb).partition('<div class="answer">')[2].partition("</div>")[0]
    assert 'alt="Their curves."></p><figcaption>From the notebook that you handed in.<' in answer
    nb.cells[5].outputs = [new_output("display_data", drawn.data, metadata={OF_THE_UNIT: True})]
    assert "Their curves." not in page(nb).partition('<div class="answer">')[2].partition("</div>")[0]


def test_only_a_long_text_is_a_tab_stop() -> None:
    assert 'tabindex="0"' not in python("x = 1\n" * 5) + printed("y")
    assert 'class="code long" tabindex="0"' in python("x = 1\n" * 60)
    assert 'class="out long" tabindex="0"' in printed("word " * 500)


def test_tables_scroll_by_themselves_and_an_empty_cell_is_no_heading() -> None:
    html = markdown("| | a |\n|---|---|\n| b | c |")
    assert html.startswith('<div class="table" tabindex="0"><table>')
    assert "<td></td>" in html
    assert 'class="long" tabindex="0"' in markdown("$$" + "a + b + c + d + e = " * 3 + "f$$")
    assert "tabindex" not in markdown("$$a = b$$")
