"""`python -m autograder lms …`: keygen, roster, push, status, forget.

Nothing is written without `--yes`, neither to the gradebook nor to the platform. The exit status is 0 when
every grade that should be on the platform is there, 1 otherwise. Learners appear by nbgrader's id.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from nbgrader.api import MissingEntry

from autograder.errors import LmsError
from autograder.i18n import _, say
from autograder.lms import ags, config, keys, nrps
from autograder.lms.course import course_here, open_gradebook
from autograder.lms.grades import Grades, number, read_grades
from autograder.lms.http import Http, RequestsTransport, SystemClock
from autograder.lms.ledger import Ledger, forget_everywhere, ledger_path
from autograder.lms.push import Action, Pusher, Step, first_plan, make_plan, score_of
from autograder.lms.service import Service

LEDGERS = Path(".autograder") / "lms"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands and their options."""
    commands = parser.add_subparsers(dest="lms_command", required=True, metavar="COMMAND")
    keygen = _command(commands, "keygen", _("make the tool's key, and its public half for the platform"), _keygen)
    keygen.add_argument("--dir", type=Path, default=Path(), help=say(_("folder for the three files")))
    roster = _command(commands, "roster", _("learn the platform's ids of the students"), _roster)
    roster.add_argument("--by-email", action="store_true", help=say(_("also match by e-mail address")))
    push = _command(commands, "push", _("send the grades of an assignment"), _push)
    status = _command(commands, "status", _("compare the gradebook with the platform"), _status)
    for command in (push, status):
        command.add_argument("assignment", help=say(_("the assignment's name in nbgrader")))
        command.add_argument("--student", action="append", default=[], help=say(_("only this student")))
        command.add_argument("--missing-as-zero", action="store_true", help=say(_("no submission counts 0")))
        command.add_argument("--cap", action="store_true", help=say(_("lower bonus points to the maximum")))
    for command in (roster, push):
        command.add_argument("--overwrite", action="store_true", help=say(_("replace what others changed")))
    forget = _command(commands, "forget", _("remove what is kept here about a student's grades there"), _forget)
    forget.add_argument("student", help=say(_("the student's id in nbgrader")))
    for command in (roster, push, forget):
        command.add_argument("--yes", action="store_true", help=say(_("do it; otherwise only say what would be")))
    for command in (roster, push, status, forget):
        command.add_argument("--db", default="", help=say(_("the gradebook, if not that of this folder")))
    for command in (roster, push, status):
        command.add_argument("--config", type=Path, default=Path("lms.toml"), help=say(_("the platform's addresses")))


def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand; returns the exit status. Raises AutograderError for a person to read."""
    return int(arguments.lms_run(arguments))


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    function: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=say(summary), description=say(summary))
    command.set_defaults(lms_run=function)
    return command


def _keygen(arguments: argparse.Namespace) -> int:
    key = keys.generate(arguments.dir)
    text = _("Made {private} (keep it here), {public} and {key_set} (for the platform). Key id: {id}")
    print(say(text, private=keys.PRIVATE, public=keys.PUBLIC, key_set=keys.KEY_SET, id=key.id))
    return 0


def _roster(arguments: argparse.Namespace) -> int:
    platform = config.load(arguments.config)
    if not platform.memberships_url:
        raise LmsError(_("{path}: “{name}” is missing in [platform]."), path=arguments.config, name="memberships_url")
    service = connect(platform, arguments.config, nrps.SCOPES)
    members = nrps.read_members(service, platform.memberships_url)
    with open_gradebook(course_here(), arguments.db) as gradebook:
        roster = nrps.match_roster(gradebook, members, by_email=arguments.by_email, overwrite=arguments.overwrite)
        for match in roster.changes:
            print(f"{match.student}\t{match.before or '—'} → {match.user_id}")
        for problem in roster.problems:
            print(problem)
        text = _("{known} students known on the platform, {changes} new; {unknown} learners there are not here.")
        print(say(text, known=len(roster.matches), changes=len(roster.changes), unknown=roster.unknown))
        if arguments.yes:
            nrps.save_roster(gradebook, roster)
        elif roster.changes:
            print(say(_("Nothing was written: add --yes.")))
    return 1 if roster.problems else 0


def _push(arguments: argparse.Namespace) -> int:
    grades = _grades(arguments)
    platform = config.load(arguments.config)
    items = ags.LineItems(connect(platform, arguments.config, ags.WRITE_SCOPES), platform.lineitems_url)
    item = items.find(grades.assignment)
    if item is None and arguments.yes:
        maximum = ags.item_maximum(grades.maximum)
        item = items.find_or_create(grades.assignment, grades.assignment, maximum)
    if item is None:
        print(say(_("A new line item “{label}” would be made."), label=grades.assignment))
        new = ags.LineItem("", grades.assignment, ags.item_maximum(grades.maximum))
        return _report(grades, first_plan(grades, new), wrote=False)
    with _ledger(platform, item, grades.assignment) as ledger:
        steps = make_plan(grades, item, items.results(item), ledger, overwrite=arguments.overwrite)
        if not arguments.yes:
            return _report(grades, steps, wrote=False)
        problems = Pusher(items, item, ledger, SystemClock()).push(steps)
    status = _report(grades, steps, wrote=True)
    for problem in problems:
        print(problem)
    if not problems:
        print(say(_("Read back: every grade that was sent is on the platform.")))
    return 1 if problems else status


def _status(arguments: argparse.Namespace) -> int:
    grades = _grades(arguments)
    platform = config.load(arguments.config)
    items = ags.LineItems(connect(platform, arguments.config, ags.READ_SCOPES), platform.lineitems_url)
    item = items.find(grades.assignment)
    results = items.results(item) if item else {}
    differ = 0
    for row in grades.rows:
        found = results.get(row.lms_user_id or "")
        same = item is not None and score_of(row, item).is_at(found)
        differ += not same
        there = f"{number(found.score)}/{number(found.maximum)}" if found else "—"
        mark = "=" if same else "≠"
        print(f"{row.student}\t{number(row.score)}/{number(row.maximum)}\t{mark}\t{there}")
    _print_held(grades)
    print(
        say(
            _("{same} grades are on the platform, {differ} are not."),
            same=len(grades.rows) - differ,
            differ=differ,
        )
    )
    return 1 if differ else 0


def _forget(arguments: argparse.Namespace) -> int:
    with open_gradebook(course_here(), arguments.db) as gradebook:
        try:
            student = gradebook.find_student(arguments.student)
        except MissingEntry:
            text = _("The gradebook has no student with the id: {listed}.")
            raise LmsError(text, listed=arguments.student) from None
        if not student.lms_user_id:
            print(say(_("Nothing is kept: the gradebook has no id of the platform for this student.")))
            return 0
        if not arguments.yes:
            text = _("The platform's id and what was sent under it would be removed here: add --yes.")
            print(say(text))
            return 0
        count = forget_everywhere(LEDGERS, student.lms_user_id)
        student.lms_user_id = None
        gradebook.db.commit()
    print(
        say(
            _("Removed the platform's id, and entries in {count} ledgers. The platform keeps its own."),
            count=count,
        )
    )
    return 0


def connect(platform: config.Platform, path: Path, scopes: Sequence[str]) -> Service:
    """The platform's services, with the key beside lms.toml."""
    key = keys.load(path.parent / platform.key)
    return Service(platform, key, Http(RequestsTransport(), SystemClock()), scopes)


def _grades(arguments: argparse.Namespace) -> Grades:
    with open_gradebook(course_here(), arguments.db) as gradebook:
        return read_grades(
            gradebook,
            arguments.assignment,
            missing_as_zero=arguments.missing_as_zero,
            cap=arguments.cap,
            students=arguments.student,
        )


def _ledger(platform: config.Platform, item: ags.LineItem, assignment: str) -> Ledger:
    path = ledger_path(LEDGERS, platform.lineitems_url, assignment)
    return Ledger(path, json.dumps([platform.client_id, item.url]))


def _report(grades: Grades, steps: Sequence[Step], *, wrote: bool) -> int:
    """Print the plan, or what came of it; 1 when a grade is not on the platform because of a problem."""
    for step in steps:
        there = f"{number(step.found.score)}/{number(step.found.maximum)}" if step.found else "—"
        ours = f"{number(step.score.given)}/{number(step.score.maximum)}"
        print(f"{step.row.student}\t{there} → {ours}\t{step.action.label}")
    _print_held(grades)
    sent = sum(step.action is Action.SEND for step in steps)
    problems = sum(step.action.is_problem for step in steps)
    text = _("{sent} to send, {same} the same, {problems} kept back.")
    print(say(text, sent=sent, same=len(steps) - sent - problems, problems=problems))
    if sent and not wrote:
        print(say(_("Nothing was written: add --yes.")))
    return 1 if problems else 0


def _print_held(grades: Grades) -> None:
    for row in grades.held:
        print(say(_("held back: {student}: {state}"), student=row.student, state=row.state.label))
