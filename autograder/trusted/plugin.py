"""Runs a notebook's checks with pytest: each `Check` is an item, each outcome a `CheckResult`."""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from autograder.checks.api import Check, Credit, Failed, Probe, Task
from autograder.checks.seeds import generator
from autograder.errors import EvidenceRefused
from autograder.i18n import Message, _
from autograder.records import CheckResult, Outcome, Plan
from autograder.unit import Family

# no user configuration, no conftest of a stranger, no plugin of the environment, no cache, no colours
_PYTEST_ARGUMENTS = (
    "--noconftest --disable-plugin-autoload --assert=plain -p no:cacheprovider -p no:terminal -p no:faulthandler "
    "-p no:python -p no:unraisableexception -p no:threadexception "
    "--override-ini=addopts= --override-ini=filterwarnings=default --config-file=/dev/null"
).split()


def tasks_of(module: Any) -> dict[str, Task]:
    """The tasks of a module of checks, in the order of the file."""
    return {v.name: v for v in vars(module).values() if isinstance(v, Task)}


def probes_of(module: Any) -> dict[str, Probe]:
    """The probes of a module of checks by the name that checks call them by."""
    return {k: v for k, v in vars(module).items() if isinstance(v, Probe)}


def probes_by_task(module: Any) -> dict[str, dict[str, Probe]]:
    """Task → the probes that its checks look at."""
    probes = probes_of(module)
    return {
        name: {a: probes[a] for check in task.checks for a in check.arguments if a in probes}
        for name, task in tasks_of(module).items()
    }


class CheckItem(pytest.Item):
    """One check, run by pytest."""

    check: Check
    session_state: "Session"

    def runtest(self) -> None:
        """Run it and record the result; pytest sees the failure too."""
        result, error = self.session_state.run(self.check)
        self.session_state.results.append(result)
        if error is not None:
            raise error

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """Nobody reads pytest's own report: `result` has said why. A traceback would be laid out for nothing."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.check.name


class ChecksFile(pytest.File):
    """A notebook's checks, in the order of its tasks; those without evidence are not run."""

    session_state: "Session"

    def collect(self) -> Iterator[CheckItem]:
        """One item a check."""
        for task in self.session_state.tasks.values():
            for check in task.checks if task.name in self.session_state.evidence else ():
                item = CheckItem.from_parent(self, name=f"{task.name}:{check.name}")
                item.check, item.session_state = check, self.session_state
                yield item


class Session:
    """The pytest plugin of one run: knows the checks and the evidence, collects the results."""

    def __init__(
        self,
        module: Any,
        evidence: Mapping[str, Mapping[str, Any]],
        secret: str,
        names: Mapping[str, Sequence[str]],
        fixtures: Mapping[str, Callable[[], Any]],
        stopped: Mapping[tuple[str, str], Message] = MappingProxyType({}),
    ):
        """`module`: the checks. `evidence`: task → probe → parsed answer. `names`, by task, seed the hidden inputs
        (`seeds`).

        `fixtures`: makes what checks name beside probes, when a check first asks for it. `stopped`: task and probe →
        the sentence for a name that was still being filled when its cell was stopped, see `causes.stopped_at`.
        """
        self.module = module
        self.tasks, self.probes = tasks_of(module), probes_of(module)
        self.evidence = evidence
        self.secret = secret
        self.names = names
        self.fixtures = fixtures
        self.stopped = stopped
        self.made: dict[str, Any] = {}
        self.results: list[CheckResult] = []
        self.answers: dict[tuple[str, str], Any] = {}  # by task and probe

    @pytest.hookimpl
    def pytest_collect_file(self, file_path: Path, parent: Any) -> Any:
        """The file of the checks, which are imported already: pytest imports nothing by itself."""
        if file_path != Path(self.module.__file__):
            return None
        file = ChecksFile.from_parent(parent, path=file_path)
        file.session_state = self
        return file

    def run(self, check: Check) -> tuple[CheckResult, BaseException | None]:
        """One check to its result, and the exception for pytest when it did not pass."""
        if check.after and self.outcome_of(check.after) is not Outcome.PASSED:
            return self.result(check, Outcome.SKIPPED, waits_for=self.blocking(check.after).description), None
        try:
            outcome = check.function(**self.arguments(check))
        except Failed as no:
            return self.failed(check, no), no
        except EvidenceRefused as refused:  # what they handed in cannot be looked at: theirs, not ours
            return self.failed(check, Failed(refused.message)), refused
        except Exception as error:  # whatever a check raises beyond Failed is our own fault
            return self.result(check, Outcome.ERROR, detail=traceback.format_exc(limit=-6)), error
        return self.credited(check, outcome or Credit(1.0)), None

    def credited(self, check: Check, credit: Credit) -> CheckResult:
        outcome = Outcome.PASSED if credit.share >= 1 else Outcome.FAILED
        earned = round(check.points * credit.share, 4)
        return self.result(check, outcome, earned=earned, message=credit.message, picture=dict(credit.picture))

    def failed(self, check: Check, no: Failed) -> CheckResult:
        sentences = (self.stopped.get((check.task, name)) for name in check.arguments)
        sentence = next((s for s in sentences if s and not no.problem), None)
        message = Message(sentence.text, {**sentence.values, "found": no.message}) if sentence else no.message
        return self.result(
            check, Outcome.FAILED, message=message, problem=no.problem, picture=getattr(no, "picture", {})
        )

    def result(self, check: Check, outcome: Outcome, **more: Any) -> CheckResult:
        lesson = self.tasks[check.task].lesson
        return CheckResult(check.task, check.name, check.description, check.points, outcome, lesson=lesson, **more)

    def blocking(self, check: Check) -> Check:
        """The check that has to pass first: this one, or what it waits for itself."""
        while check.after and self.outcome_of(check) is Outcome.SKIPPED:
            check = check.after
        return check

    def outcome_of(self, check: Check) -> Outcome | None:
        return next((r.outcome for r in self.results if (r.task, r.name) == (check.task, check.name)), None)

    def arguments(self, check: Check) -> dict[str, Any]:
        """The values of what the check names. The first check that meets a probe's problem fails with it."""
        return {name: self.argument(check.task, name) for name in check.arguments}

    def argument(self, task: str, name: str) -> Any:
        if name in self.probes:
            return self.answer(task, name, self.probes[name])
        if name not in self.made:
            self.made[name] = self.fixtures[name]()
        return self.made[name]

    def answer(self, task: str, name: str, probe: Probe) -> Any:
        if (task, name) not in self.answers:
            self.answers[task, name] = self._answer(task, name, probe)
        return self.answers[task, name]

    def _answer(self, task: str, name: str, probe: Probe) -> Any:
        found = self.evidence.get(task, {}).get(name)
        if found is None and name not in self.evidence.get(task, {}):
            raise Failed(Message(_("Nothing usable came back from `{name}`."), {"name": probe.target}), "silent")
        return probe.answer(found, self.generator(task, name))

    def generator(self, task: str, probe: str) -> Any:
        """The generator of a probe's hidden inputs: the same at planning and at checking."""
        return _generator(self.secret, self.names, task, probe)


def plan(module: Any, secret: str, names: Mapping[str, Sequence[str]], family: Family) -> Plan:
    """The questions of all tasks for the kernel, and what each task is worth."""
    tasks = {
        task: {name: p.plan(_generator(secret, names, task, name), family.encode) for name, p in probes.items()}
        for task, probes in probes_by_task(module).items()
    }
    return Plan(tasks, points_of(module))


def _generator(secret: str, names: Mapping[str, Sequence[str]], task: str, probe: str) -> Any:
    return generator(secret, *names.get(task, ()), task, probe)


def points_of(module: Any) -> dict[str, float]:
    """Task → sum of the points of its checks."""
    return {name: sum(c.points for c in task.checks) for name, task in tasks_of(module).items()}


def warm_up() -> None:
    """Run pytest on no check, so that a process forked from this one has imported what pytest imports as it runs."""
    run_checks(Session(sys.modules[__name__], {}, "", {}, {}))


def run_checks(session: Session) -> list[CheckResult]:
    """Run every check of the tasks that there is evidence of.

    Raises:
        RuntimeError: pytest could not collect them.
    """
    file = Path(session.module.__file__)
    status = pytest.main([*_PYTEST_ARGUMENTS, f"--rootdir={file.parent}", str(file)], plugins=[session])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"pytest ended with {status!r} on {file.name}")
    return session.results
