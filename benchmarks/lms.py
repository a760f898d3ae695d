"""How long grades take to leave: out of the gradebook, and to an LTI platform.

    python -m benchmarks.lms [--learners N] [--pushed N]

Makes a gradebook of a made-up class (five notebooks, four tasks each) and reads it; starts the platform of the
tests (Open edX's own LTI consumer) and sends the grades of one assignment to it, twice: nothing may be sent the
second time. Writes `benchmarks/results/lms.json`: seconds, and the number of SQL statements.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy.event import listen

from autograder.lms.ags import WRITE_SCOPES, LineItems
from autograder.lms.grades import GradeRow, Grades, State, read_grades
from autograder.lms.ledger import Ledger
from autograder.lms.plan import make_plan
from autograder.lms.push import Pusher
from autograder.lms.service import Service
from autograder.lms.transport import Http, RequestsTransport, SystemClock
from benchmarks.machine import save
from tests.lms.lti import start_peer

RESULTS = Path(__file__).with_name("results") / "lms.json"
NOTEBOOKS, TASKS = 5, 4


def make_gradebook(path: Path, learners: int) -> None:
    """A class in which everybody handed everything in."""
    with Gradebook(f"sqlite:///{path}") as book:
        book.add_assignment("week1")
        for n in range(NOTEBOOKS):
            book.add_notebook(f"n{n}", "week1")
            for t in range(TASKS):
                book.add_grade_cell(f"t{t}_test", f"n{n}", "week1", max_score=2, cell_type="code")
        assignment = book.find_assignment("week1")
        cells = {n: [c.id for c in n.grade_cells] for n in assignment.notebooks}
        for number in range(learners):
            student = Student(id=f"s{number:05}", lms_user_id=f"u{number:05}")
            submission = SubmittedAssignment(student=student, assignment=assignment)
            for notebook, ids in cells.items():
                handed = SubmittedNotebook(notebook=notebook, assignment=submission, late_submission_penalty=0.0)
                for cell in ids:
                    grade = Grade(cell_id=cell, notebook=handed, auto_score=float(number % 3), needs_manual_grade=False)
                    book.db.add(grade)
            book.db.add(student)
            if number % 500 == 499:
                book.db.flush()
        book.db.commit()
    book.engine.dispose()


def measure_reading(folder: Path, learners: int) -> dict[str, Any]:
    path = folder / f"{learners}.db"
    make_gradebook(path, learners)
    with Gradebook(f"sqlite:///{path}") as book:
        statements: list[str] = []
        listen(book.engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
        begin = time.perf_counter()
        grades = read_grades(book, "week1")
        seconds = time.perf_counter() - begin
    book.engine.dispose()
    return {"learners": len(grades.rows), "seconds": round(seconds, 2), "statements": len(statements)}


def measure_push(folder: Path, learners: int) -> dict[str, Any]:
    peer, process = start_peer(folder / "peer")
    rows = tuple(GradeRow(f"s{n}", f"u{n}", n % 21, 20.0, f"{n % 21} points", State.GRADED) for n in range(learners))
    grades = Grades("week1", 20.0, rows, ())
    times, sent = [], []
    try:
        service = Service(peer.platform, [peer.key], Http(RequestsTransport(), SystemClock()), WRITE_SCOPES)
        items = LineItems(service, peer.platform.lineitems_url)
        for _time in range(2):
            begin = time.perf_counter()
            with Ledger(folder / "ledger.sqlite3") as ledger, ledger.lock(items.url, "week1"):
                item = items.find_or_create("week1", "week1", 20)
                column = ledger.column(items.url, "week1", item.url)
                pusher = Pusher(items, item, column, SystemClock())
                problems = pusher.push(make_plan(grades, item, items.results(item), column))
            times.append(round(time.perf_counter() - begin, 1))
            sent.append(len(pusher.sent))
            if problems:
                raise SystemExit("\n".join(map(str, problems[:9])))
    finally:
        process.stdin.close()  # type: ignore[union-attr]  # a pipe: see start_peer
        process.wait(timeout=30)
    return {"grades": learners, "sent": sent, "seconds": times}


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--pushed", type=int, default=800)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "peer").mkdir()
        reading = [measure_reading(folder, learners) for learners in arguments.learners]
        found = {"reading": reading, "pushing": measure_push(folder, arguments.pushed)}
    save(RESULTS, found)


if __name__ == "__main__":
    main()
