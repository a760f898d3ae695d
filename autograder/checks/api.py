"""What hidden checks are written with.

A notebook's `checks.py` holds one `Task` per grade cell. The task's probes say what to ask the learner's kernel; its
checks are functions that name, as arguments, the probes they look at::

    l2_layer = Task("l2_layer", lesson="l2")
    model = l2_layer.model("build_l2_model")

    @l2_layer.check(points=2)
    def architecture(model): ...

    @l2_layer.check(points=4, after=architecture)
    def penalised(model):
        \"\"\"The hidden layer carries an L2 penalty.\"\"\"       # the learner reads this line
        require(..., _("Its penalty is {found:.4g}."), found=...)

A check passes by returning, fails by `require` or `fail`, and earns a part by returning `credit(...)`. Anything else
it raises is our own fault: the task is then flagged for a person.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from autograder.checks.evidence import CallResult, Foreign, NoAnswer, Other, Thing, encode_array
from autograder.i18n import Message, Value, _
from autograder.store import Store

Arguments = Sequence[Any]
Cases = Callable[[np.random.Generator], Sequence[Arguments]]
Encode = Callable[[Any], dict[str, Any] | None]


class Failed(Exception):
    """A check did not pass; `message` is what the learner reads, `problem` as of a `CheckResult`."""

    def __init__(self, message: Message, problem: str = "") -> None:
        super().__init__(message.text)
        self.message = message
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Credit:
    """A part of a check's points, 0 ≤ share ≤ 1, with the sentence that says why not all (None when all)."""

    share: float
    message: Message | None = None
    picture: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Call:
    """One case of a probed function: our arguments, what came back, and whether each argument was left as it was.

    `separate`: True when what came back is neither an argument itself nor on its memory. Compared by identity, so that
    what was measured on it can be remembered.
    """

    arguments: Arguments
    result: Any
    unchanged: tuple[bool | None, ...]
    separate: bool | None = None


@dataclass(frozen=True)
class Rng:
    """An argument: a NumPy generator. Shared ones go on from call to call within a probe."""

    seed: int
    shared: bool = False


@dataclass(frozen=True)
class Context:
    """What a fixture is made from (see `autograder.unit.Unit`).

    `secret`: the course's, for seeds; `store`: what was computed already, or None.
    """

    secret: str
    store: Store | None


@dataclass(frozen=True)
class Probe:
    """A question to the learner's kernel. `kind`: "call" or "value"; `target`: the name they were asked to define.

    `fresh`: what is returned is looked at as it is described, and begins anew: what it holds beyond that, such as a
    model's weights, is not sent. `problems`: kind of problem, or a part of an exception's text → the sentence for it,
    where the usual one of PROBLEMS would not say enough.
    """

    kind: str
    target: str
    cases: Cases = field(default=lambda rng: [[]])
    inputs: Cases = field(default=lambda rng: [])
    single: bool = False
    fresh: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)

    def plan(self, rng: np.random.Generator, encode: Encode = lambda value: None) -> dict[str, Any]:
        """The question as JSON; the same generator state gives the same hidden inputs again in `answer`.

        `encode`: a family's, for arguments that are objects of its library.
        """
        spec: dict[str, Any] = {"kind": self.kind, "target": self.target}
        if self.kind == "call":
            spec["cases"] = [[encode_argument(a, encode) for a in case] for case in self.cases(rng)]
            spec["inputs"] = [encode_argument(a, encode) for row in self.inputs(rng) for a in row]
            spec["fresh"] = self.fresh
        return spec

    def answer(self, found: Any, rng: np.random.Generator) -> Any:
        """What checks receive: a value, one result, or a list of `Call`. Raises Failed when there is none."""
        if isinstance(found, NoAnswer):
            raise Failed(problem_message(found, self.target, self.problems), problem_of(found, self.problems))
        if self.kind == "value":
            if found is None or (isinstance(found, (dict, list, tuple)) and not found):  # as the task gives it
                raise Failed(Message(_("`{name}` is not filled in yet."), {"name": self.target}), NOT_WRITTEN)
            return found
        cases = self.cases(rng)
        if not _answers_all(found, cases):
            raise Failed(Message(_("Nothing usable came back from `{name}`."), {"name": self.target}), "silent")
        calls = [Call(case, c.value, c.unchanged, c.separate) for case, c in zip(cases, found, strict=True)]
        return calls[0].result if self.single else calls


def _answers_all(found: Any, cases: Sequence[Arguments]) -> bool:
    """Whether there is a result for every case, with a flag for each of its arguments."""
    if not isinstance(found, list) or not all(isinstance(c, CallResult) for c in found):
        return False
    return [len(c.unchanged) for c in found] == [len(case) for case in cases]


@dataclass(frozen=True)
class Check:
    """A hidden check: its points, the sentence that says what it asks, and the check that has to pass before it."""

    task: str
    name: str
    description: str
    points: float
    function: Callable[..., Credit | None]
    after: "Check | None"
    mistakes: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """Names of the probes and of the unit's fixtures that it looks at."""
        return list(inspect.signature(self.function).parameters)


class Task:
    """One grade cell: `name` is its solution cell's grade_id; `lesson` the id of the cell to read again."""

    def __init__(self, name: str, *, lesson: str = "") -> None:
        """A task without checks yet."""
        self.name = name
        self.lesson = lesson or name
        self.checks: list[Check] = []

    def call(
        self, target: str, cases: Cases, inputs: Cases = lambda rng: [], problems: Mapping[str, str] | None = None
    ) -> Probe:
        """Ask for `target(*case)` for each of the cases; `inputs`: what a returned model is to answer as well."""
        return Probe("call", target, cases, inputs, problems=problems or {})

    def model(self, target: str, problems: Mapping[str, str] | None = None) -> Probe:
        """Ask for the one result of `target()`, a model as it is built: its weights are those that it begins with."""
        return Probe("call", target, single=True, fresh=True, problems=problems or {})

    def value(self, target: str) -> Probe:
        """Ask for the value of a variable. None, and a dict or a list without entries, are no answers yet."""
        return Probe("value", target)

    def check(self, *, points: float, after: Check | None = None) -> Callable[[Callable[..., Credit | None]], Check]:
        """Make a function a check. The first line of its docstring is what the learner reads."""

        def register(function: Callable[..., Credit | None]) -> Check:
            description = (inspect.getdoc(function) or "").split("\n")[0]
            check = Check(self.name, function.__name__, description, points, function, after)
            self.checks.append(check)
            return check

        return register


def fail(text: str, /, **values: Value) -> NoReturn:
    """The check fails, with this sentence."""
    raise Failed(Message(text, values))


def require(condition: Any, text: str, /, **values: Value) -> None:
    """The check fails with this sentence unless `condition` holds."""
    if not condition:
        fail(text, **values)


def credit(share: float, text: str = "", /, *, picture: Mapping[str, Any] | None = None, **values: Value) -> Credit:
    """A part of the points, with a sentence; 1 with no sentence for all of them."""
    return Credit(min(1.0, max(0.0, share)), Message(text, values) if text else None, picture or {})


def encode_argument(value: Any, encode: Encode) -> dict[str, Any]:
    """An argument for a learner's function as JSON for the kernel."""
    if isinstance(value, Rng):
        return {"rng": value.seed, "shared": value.shared}
    if isinstance(value, np.ndarray):
        return {"array": encode_array(value)}
    return encode(value) or {"json": value}


NOT_WRITTEN = "not written"
PROBLEMS = {
    "missing": _("`{name}` is not defined in your notebook. Keep the name that the task gives."),
    NOT_WRITTEN: _("`{name}` is not written yet: replace `raise NotImplementedError()` by your code."),
    "not callable": _("`{name}` should be a function, but it is a {type}."),
    "raised": _("`{name}` stopped with {type}: {text}"),
    "stopped": _("{text}"),
    "died": _("This task could not be looked at: {text}."),
    "no cell": _("The test cell of this task is missing in your notebook."),
    "too large": _("What `{name}` returns is too large to be graded."),
    "silent": _("Your notebook gave no answer for this task. {text}"),
    "refused": _("{text}"),
}


def problem_message(problem: NoAnswer, name: str, own: Mapping[str, str]) -> Message:
    """The sentence for a probe that brought no answer: its own one, or the usual one."""
    told = problem.text if isinstance(problem.text, Message) else problem.text[:300]
    special = _special(problem, own)
    text = own[special] if special else PROBLEMS.get(problem.kind, _("Nothing usable came back from `{name}`."))
    return Message(text, {"name": name, "type": problem.type[:80], "text": told})


def problem_of(problem: NoAnswer, own: Mapping[str, str]) -> str:
    """The kind of a problem, as of a `CheckResult`; none where a sentence of the probe's own names the mistake."""
    stub = isinstance(problem.text, Message) and problem.text.values.get("error") == "NotImplementedError"
    if problem.kind == NOT_WRITTEN or (problem.kind == "stopped" and stub):
        return NOT_WRITTEN
    return "" if _special(problem, own) else problem.kind


def _special(problem: NoAnswer, own: Mapping[str, str]) -> str | None:
    return next((key for key in own if key == problem.kind or key in str(problem.text)), None)


def kind_of(value: Any) -> str:
    """The name of a value's type as a learner would say it."""
    if isinstance(value, Foreign):
        return value.class_name
    if isinstance(value, Thing):
        return value.classes[0].rsplit(".", 1)[-1] if value.classes else "object"
    if isinstance(value, Other):
        return value.what
    kind = type(value).__name__  # a kernel reports a tuple as a list
    return {"NoneType": "None", "ndarray": "array", "list": "list/tuple"}.get(kind, kind)
