"""`python -m autograder report ASSIGNMENT`: the class report, written beside the gradebook."""

import argparse
import json
from pathlib import Path

from autograder.feedback.charts import charts_of
from autograder.i18n import SOURCE_LANGUAGE, _, languages, say, terminal_language
from autograder.insight.collect import collect
from autograder.insight.outline import read_outline
from autograder.insight.report import Report
from autograder.lms.course import course_here, open_gradebook
from autograder.scale.settings import Course, configured_unit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("assignment", metavar="ASSIGNMENT")
    parser.add_argument("--db", default="", help=say(_("another gradebook than the course folder's: sqlite:///…")))
    parser.add_argument(
        "--autograded", type=Path, default=Path("autograded"), help=say(_("nbgrader's folder of that name"))
    )
    parser.add_argument("--output", type=Path, help=say(_("the page; reports/ASSIGNMENT.html without this")))
    parser.add_argument("--json", type=Path, help=say(_("also write the numbers, as JSON")))
    parser.add_argument("--csv", type=Path, help=say(_("also write one line per check, as CSV")))
    text = _("of the page; without this the terminal's (LANG), and where that is none, the assignment's")
    parser.add_argument("--language", choices=languages(), help=say(text))
    parser.add_argument(
        "--formgrader", default="http://localhost:8888/formgrader", help=say(_("its address, for links to submissions"))
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the report; prints where."""
    course = course_here()
    outline = read_outline(Path(course.format_path(course.source_directory, ".", arguments.assignment)))
    with open_gradebook(course, arguments.db) as gradebook:
        data = collect(gradebook, arguments.assignment, arguments.autograded, outline)
    charts = charts_of(configured_unit(Path()))
    settings = Course(parent=course)
    language = (
        arguments.language or terminal_language() or settings.languages.get(arguments.assignment, SOURCE_LANGUAGE)
    )
    report = Report(data, language, arguments.formgrader, charts)
    page: Path = arguments.output or Path("reports", f"{arguments.assignment}.html")
    texts = {page: report.html()}
    if arguments.json:
        texts[arguments.json] = json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    if arguments.csv:
        texts[arguments.csv] = report.to_csv()
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(say(_("Class report: {path}"), path=page.resolve()))
    return 0
