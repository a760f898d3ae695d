"""The report of one task: what a learner, and a grader in the formgrader, reads below its test cell."""

from collections.abc import Sequence
from html import escape

from autograder.i18n import Message, _, translate
from autograder.records import CheckResult, Outcome, TaskGrade

MARKS = {
    Outcome.PASSED: ("✓", _("passed")),
    Outcome.FAILED: ("✗", _("to look at again")),
    Outcome.SKIPPED: ("–", _("not looked at yet")),
    Outcome.ERROR: ("!", _("a person will look at this")),
}
WAITS = _("This is looked at as soon as another check passes: {check}")
BROKEN = _("Our check broke here; this is not your fault. A person will grade it.")
UNGRADED = _("This task could not be graded by the program; a person will grade it.")


def sentence(result: CheckResult, language: str) -> str:
    """What the learner reads about one check beside its description; empty when it passed without remark."""
    if result.outcome is Outcome.ERROR:
        return translate(BROKEN, language)
    if result.outcome is Outcome.SKIPPED:
        return translate(WAITS, language, check=translate(result.waits_for, language)) if result.waits_for else ""
    return result.message.render(language) if result.message else ""


def plain_report(grade: TaskGrade, language: str) -> str:
    """The report as text, one line per check, for terminals and for screen readers that prefer it."""
    lines = [_headline(grade, language)]
    for result in grade.results:
        mark, word = MARKS[result.outcome]
        lines.append(
            f"{mark} {translate(result.description, language)} ({translate(word, language)}, {_points(result)})"
        )
        if said := sentence(result, language):
            lines.append(f"    {said}")
    return "\n".join(lines)


def html_report(grade: TaskGrade, language: str) -> str:
    """The report as one HTML element without script; every text of a learner's is escaped."""
    rows = "".join(_row(result, language) for result in grade.results)
    return (
        f'<section class="ag-report" lang="{escape(language)}"><style>{_STYLE}</style>'
        f"<h4>{escape(_headline(grade, language))}</h4><ul>{rows}</ul></section>"
    )


def note(message: Message, language: str) -> str:
    """A single sentence in the same frame."""
    return (
        f'<section class="ag-report" lang="{escape(language)}"><style>{_STYLE}</style>'
        f"<p>{escape(message.render(language))}</p></section>"
    )


def _headline(grade: TaskGrade, language: str) -> str:
    if grade.score is None:
        return translate(UNGRADED, language)
    return translate(_("{score:g} of {maximum:g} points"), language, score=grade.score, maximum=grade.maximum)


def _points(result: CheckResult) -> str:
    return f"{result.earned:g}/{result.points:g}"


def _row(result: CheckResult, language: str) -> str:
    mark, word = MARKS[result.outcome]
    said = sentence(result, language)
    extra = f"<p>{marked(said)}</p>" if said else ""
    return (
        f'<li class="ag-{result.outcome}"><span class="ag-mark" aria-hidden="true">{mark}</span>'
        f"<div><strong>{marked(translate(result.description, language))}</strong> "
        f'<span class="ag-points">{escape(translate(word, language))}, {_points(result)}</span>{extra}</div></li>'
    )


def marked(text: str) -> str:
    """Escaped text, with `code` in backquotes as code."""
    parts: Sequence[str] = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{escape(p)}</code>" if i % 2 else escape(p) for i, p in enumerate(parts))


_STYLE = (
    ".ag-report{font:15px/1.5 system-ui,sans-serif;border:1px solid #8886;border-radius:8px;padding:.6em 1em;"
    "margin:.4em 0;max-width:50em}.ag-report h4{margin:.2em 0 .5em;font-size:1.1em}"
    ".ag-report ul{list-style:none;margin:0;padding:0}.ag-report li{display:flex;gap:.7em;margin:.45em 0}"
    ".ag-report p{margin:.15em 0}.ag-mark{font-weight:700;width:1.2em;flex:none}"
    ".ag-passed .ag-mark{color:#17803d}.ag-failed .ag-mark{color:#c2261d}.ag-skipped .ag-mark,"
    ".ag-error .ag-mark{color:#8a5a00}.ag-points{opacity:.75;white-space:nowrap}"
)
