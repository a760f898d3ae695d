"""`lms push` and `lms status`: each assignment, in each course of the platform."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

from nbgrader.api import Gradebook

from autograder.errors import LmsError
from autograder.i18n import _, say, say_count
from autograder.lms import ags
from autograder.lms.config import Platform
from autograder.lms.course import open_gradebook, words_of
from autograder.lms.grades import Grades, number, read_grades
from autograder.lms.here import Here
from autograder.lms.ledger import Ledger
from autograder.lms.matching import by_reason
from autograder.lms.plan import Action, Step, Wishes, make_plan, score_of
from autograder.lms.push import Pusher
from autograder.lms.transport import SystemClock


def push(arguments: argparse.Namespace) -> int:
    """1 when a grade is not on the platform because of a problem."""
    here = Here(arguments)
    status = 0
    with here.ledger() as ledger:
        for platform, grades in _work(here, ledger):
            items = ags.LineItems(here.connect(platform, ags.WRITE_SCOPES), platform.lineitems_url)
            status |= _push_one(arguments, platform, grades, items, ledger)
    return status


def status(arguments: argparse.Namespace) -> int:
    """1 when the platform has other grades than the gradebook."""
    here = Here(arguments)
    differ = 0
    with here.ledger() as ledger:
        for platform, grades in _work(here, ledger):
            items = ags.LineItems(here.connect(platform, ags.READ_SCOPES), platform.lineitems_url)
            differ += _compare(grades, items, find(items, platform, grades.assignment))
    return 1 if differ else 0


def find(items: ags.LineItems, platform: Platform, assignment: str) -> ags.LineItem | None:
    """The column of an assignment: the one that lms.toml names, or ours."""
    url = platform.columns.get(assignment)
    return items.at(url) if url else items.find(assignment)


def _work(here: Here, ledger: Ledger) -> Iterator[tuple[Platform, Grades]]:
    """The grades to be sent, with the course of the platform they belong to."""
    arguments = here.arguments
    courses = here.platforms
    with open_gradebook(here.course, arguments.db) as gradebook:
        every = [_read(here, gradebook, name) for name in _assignments(gradebook, arguments)]
    for grades in every:
        for platform in courses:
            if platform.section:
                print(say(_("Section {name}, {assignment}:"), name=platform.section, assignment=grades.assignment))
            elif arguments.all:
                print(f"{grades.assignment}:")
            yield platform, _of_section(platform, grades, ledger)


def _of_section(platform: Platform, grades: Grades, ledger: Ledger) -> Grades:
    """The grades of those whom `lms roster` found in this section."""
    if not platform.section:
        return grades
    members = ledger.members(platform.lineitems_url)
    if not members:
        text = _("It is not known who is in section {name}: run “lms roster --yes” first.")
        raise LmsError(text, name=platform.section)
    inside = tuple(row for row in grades.rows if row.lms_user_id in members)
    held = tuple(row for row in grades.held if row.lms_user_id in members)
    return replace(grades, rows=inside, held=held)


def _assignments(gradebook: Gradebook, arguments: argparse.Namespace) -> list[str]:
    if not arguments.all:
        return [arguments.assignment]
    return sorted(a.name for a in gradebook.assignments if a.max_score > 0 and a.num_submissions)


def _read(here: Here, gradebook: Gradebook, assignment: str) -> Grades:
    words, arguments = words_of(here.course, assignment), here.arguments
    return read_grades(
        gradebook,
        assignment,
        missing_as_zero=arguments.missing_as_zero,
        cap=arguments.cap,
        students=arguments.student,
        language=words.language,
        tasks=words.tasks,
    )


def _push_one(
    arguments: argparse.Namespace, platform: Platform, grades: Grades, items: ags.LineItems, ledger: Ledger
) -> int:
    name = grades.assignment
    lock = ledger.lock(platform.lineitems_url, name) if arguments.yes else nullcontext()
    with lock:
        item = find(items, platform, name)
        maximum = ags.item_maximum(grades.maximum)
        if item is None and not arguments.yes:
            print(say(_("A new line item “{label}” would be made."), label=name))
            return _report(grades, make_plan(grades, ags.LineItem("", name, maximum), {}, None), None)
        item = item or items.find_or_create(name, name, maximum)
        column = ledger.column(platform.lineitems_url, name, item.url)
        wishes = Wishes(arguments.overwrite, arguments.adopt)
        steps = make_plan(grades, item, items.results(item), column, wishes)
        if not arguments.yes:
            return _report(grades, steps, None)
        if not arguments.no_questions and not _agreed(steps):
            return 1
        return _send(grades, steps, Pusher(items, item, column, SystemClock(), _progress))


def _send(grades: Grades, steps: Sequence[Step], pusher: Pusher) -> int:
    """Send, and say what came of it, even when it was broken off."""
    try:
        pusher.push(steps)
    except (LmsError, KeyboardInterrupt):
        _report(grades, steps, pusher)
        print(say(_("The push was broken off. Run it again: what has arrived is not sent twice.")))
        raise
    finally:
        print(file=sys.stderr)
    code = _report(grades, steps, pusher)
    if not pusher.problems:
        print(say(_("Read back: every grade that was sent is on the platform.")))
    return code


def _agreed(steps: Sequence[Step]) -> bool:
    """Ask before grades of others are replaced; no answer is no."""
    replaced = [step for step in steps if step.action is Action.REPLACE]
    if not replaced:
        return True
    print(
        say_count(
            "{count} grade that others gave on the platform would be replaced:",
            "{count} grades that others gave on the platform would be replaced:",
            len(replaced),
        )
    )
    for step in replaced:
        print(f"  {_line(step, False)}")
    try:
        answer = input(say(_("Replace them? Type yes: ")))
    except EOFError:
        answer = ""
    if answer.strip().casefold() in ("yes", say(_("yes"))):
        return True
    print(say(_("Nothing was sent. Leave --overwrite out to send the others.")))
    return False


def _progress(done: int, total: int) -> None:
    if total:
        print("\r" + say(_("{done} of {total} sent"), done=done, total=total), end="", file=sys.stderr, flush=True)


def _compare(grades: Grades, items: ags.LineItems, item: ags.LineItem | None) -> int:
    """Print gradebook and platform side by side; how many differ."""
    results = items.results(item) if item else {}
    differ = 0
    for row in grades.rows:
        found = results.get(row.lms_user_id or "")
        same = item is not None and score_of(row, item).is_at(found)
        differ += not same
        there = f"{number(found.score)}/{number(found.maximum)}" if found else "—"
        print(f"{row.student}\t{number(row.score)}/{number(row.maximum)}\t{'=' if same else '≠'}\t{there}")
    _print_held(grades)
    text = _("{same} grades are on the platform, {differ} are not.")
    print(say(text, same=len(grades.rows) - differ, differ=differ))
    return differ


def _report(grades: Grades, steps: Sequence[Step], pusher: Pusher | None) -> int:
    """Print the plan, or what came of it; 1 when a grade is not on the platform because of a problem."""
    sent = pusher.sent if pusher else {s.row.student for s in steps if s.action.sends}
    for step in steps:
        done = pusher is not None and (step.row.student in sent or step.action is Action.ADOPT)
        if pusher is None or done or not step.action.sends:
            print(_line(step, done))
    for problem in pusher.problems if pusher else ():
        print(problem)
    _print_held(grades)
    same = sum(step.action is Action.SAME for step in steps)
    kept = len(steps) - same - len(sent)
    if pusher is None:
        print(
            say(_("{sent} to send, {same} the same, {problems} kept back."), sent=len(sent), same=same, problems=kept)
        )
        if sent or any(s.action is Action.ADOPT for s in steps):
            print(say(_("Nothing was written: add --yes.")))
    else:
        print(
            say(_("{sent} sent, {same} were the same, {problems} not sent."), sent=len(sent), same=same, problems=kept)
        )
    return 1 if any(s.action.is_problem for s in steps) or (pusher is not None and pusher.problems) else 0


def _line(step: Step, done: bool) -> str:
    there = f"{number(step.found.score)}/{number(step.found.maximum)}" if step.found else "—"
    ours = f"{number(step.score.given)}/{number(step.score.maximum)}"
    return f"{step.row.student}\t{there} → {ours}\t{step.label(done)}"


def _print_held(grades: Grades) -> None:
    for students, state in by_reason((row.student, row.state.label) for row in grades.held):
        print(say(_("held back: {student}: {state}"), student=students, state=state))
