"""The tool's side of the LTI tests: a client of the real platform, and a clock that does not wait."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.lms.ags import WRITE_SCOPES, LineItems
from autograder.lms.config import Platform
from autograder.lms.grades import GradeRow, Grades, State
from autograder.lms.keys import Key, generate
from autograder.lms.ledger import Ledger
from autograder.lms.matching import Problem
from autograder.lms.plan import Step, Wishes, make_plan
from autograder.lms.push import Pusher
from autograder.lms.service import Service
from autograder.lms.transport import Http, RequestsTransport

ROOT = Path(__file__).parents[2]


class FastClock:
    """The real time, plus what was slept."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> float:
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@dataclass(frozen=True)
class Peer:
    """The running platform: its addresses, the tool's key, and the opaque ids of its learners."""

    platform: Platform
    key: Key
    key_file: Path
    users: dict[str, str]

    def through(self, address: Callable[[str], str]) -> "Peer":
        """The same platform, its addresses changed by `address`: behind a proxy."""
        p = self.platform
        urls = (address(p.token_url), address(p.lineitems_url), address(p.memberships_url))
        return Peer(Platform(p.client_id, *urls), self.key, self.key_file, self.users)

    def service(
        self, scopes: Sequence[str] = WRITE_SCOPES, *, seed: int = 0, read: float = 10.0, attempts: int = 6
    ) -> Service:
        http = Http(RequestsTransport(read, read), FastClock(), random.Random(seed), attempts)
        return Service(self.platform, [self.key], http, scopes)

    def items(self, **options: float) -> LineItems:
        return LineItems(self.service(**options), self.platform.lineitems_url)  # type: ignore[arg-type]


def start_peer(folder: Path) -> tuple[Peer, "subprocess.Popen[str]"]:
    """Start the platform with its database in `folder`; its environment is made first if it is missing."""
    python = ROOT / ".venv-peer" / "bin" / "python"
    subprocess.run([ROOT / "scripts" / "setup-peer", ".venv-peer"], check=True, timeout=300)
    key = generate(folder)
    server = Path(__file__).parent / "lti_platform" / "server.py"
    process = subprocess.Popen(
        [python, server, folder / "lms-key.pub.pem", folder / "peer.sqlite3"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    facts = json.loads(process.stdout.readline())
    users = facts.pop("users")
    return Peer(Platform(**facts), key, folder / "lms-key.pem", users), process


def grades_of(peer: Peer, points: dict[str, float], assignment: str, maximum: float = 20.0) -> Grades:
    """Rows for learners of the platform, with a comment that tells the points."""
    rows = tuple(
        GradeRow(name, peer.users[name], score, maximum, f"{assignment}: {score}", State.GRADED)
        for name, score in sorted(points.items())
    )
    return Grades(assignment, maximum, rows, ())


def push(
    items: LineItems, grades: Grades, ledger_file: Path, *, overwrite: bool = False
) -> tuple[list[Step], list[Problem]]:
    """What `lms push --yes` does, with the clock of `items`."""
    name, course = grades.assignment, items.url
    with Ledger(ledger_file) as ledger, ledger.lock(course, name):
        item = items.find_or_create(name, name, round(grades.maximum))
        column = ledger.column(course, name, item.url)
        steps = make_plan(grades, item, items.results(item), column, Wishes(overwrite))
        return steps, Pusher(items, item, column, items.service.http.clock).push(steps)


def shown(items: LineItems, assignment: str) -> dict[str, float]:
    """What the platform shows: user id → points."""
    item = items.find(assignment)
    return {user: result.score for user, result in items.results(item).items()} if item else {}
