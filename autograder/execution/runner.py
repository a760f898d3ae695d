"""Executes a learner's notebook in a kernel and collects evidence where its test cells stand.

Test cells are never run here: at each one the kernel is asked the probes of its task instead. Whatever happens
inside, the run ends with outputs for every cell and either evidence or a problem for every task.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from autograder.execution.probes import EVIDENCE_MIME, probe_source
from autograder.i18n import Message, _
from autograder.records import TIMEOUT, BrokenCell, Evidence, Plan
from autograder.unit import PLAIN, Family


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one notebook may use."""

    cell_seconds: int = 120
    notebook_seconds: int = 600
    work_seconds: float = 600.0  # CPU time of kernels, trainings and checks together
    output_bytes: int = 1 << 20  # kept per cell
    evidence_bytes: int = 48 << 20  # per task
    all_output_bytes: int = 16 << 20  # kept per notebook
    all_evidence_bytes: int = 96 << 20


@dataclass
class Execution:
    """What a run brought back. `outputs`: by cell index; `evidence`: by task.

    `death`: why the kernel was gone, None when it lived.
    """

    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    death: Message | None = None
    died: bool = False  # the kernel ended by itself or never answered, which an overloaded machine can bring about
    seconds: float = 0.0


class Runner(NotebookClient):  # type: ignore[misc]
    """nbclient, told not to trust the kernel: outputs are capped, tags and widgets are ignored, nothing raises."""

    def __init__(self, nb: NotebookNode, limits: Limits, km: Any, family: Family = PLAIN) -> None:
        """`nb` is executed in place; `km` is a kernel manager that is not started yet; `family` the unit's."""
        super().__init__(
            nb, km=km, allow_errors=True, interrupt_on_timeout=True, timeout=limits.cell_seconds, startup_timeout=90,
            skip_cells_with_tag="", store_widget_state=False, coalesce_streams=True, shutdown_kernel="immediate",
            raise_on_iopub_timeout=False, iopub_timeout=10, on_cell_executed=self._note_evaluated,
        )  # fmt: skip
        self.owns_km = True
        self.limits = limits
        self.family = family
        self.evidence: list[Any] = []
        self.evaluated: dict[str, Any] = {}
        self.received = 0
        self.budget = 0
        self.outputs_left, self.evidence_left = limits.all_output_bytes, limits.all_evidence_bytes
        self.deadline = time.monotonic() + limits.notebook_seconds
        self.death: Message | None = None
        self.language = "en"
        self.interrupted = False
        self.died = False
        self.broken: list[BrokenCell] = []

    async def run(self, plan: Plan, language: str) -> Execution:
        """Run every cell and ask the plan's questions. Never raises for what the kernel does."""
        self.language = language
        began = time.monotonic()
        result = Execution()
        try:
            async with self.async_setup_kernel():
                for index, cell in enumerate(self.nb.cells):
                    if cell.cell_type == "code" and not cell.metadata.get(LEFT_OUT):
                        await self._one(cell, index, plan.tasks, result)
        except (RuntimeError, TimeoutError, OSError) as error:
            if not result.outputs and not result.evidence and self.death is None:
                raise  # it did not even start: nothing of the learner's was run
            # it did not stop as it should; what is not answered yet is answered below
            self.log.warning("kernel: %s", error)
            self.died = True
            self._die(_("the kernel did not answer"))
        for task in plan.tasks:
            result.evidence.setdefault(task, self._dead() or Evidence(problem="no cell"))
        result.death, result.died, result.seconds = self.death, self.died, time.monotonic() - began
        return result

    async def _one(self, cell: NotebookNode, index: int, tasks: Mapping[str, Any], result: Execution) -> None:
        task = task_of(cell)
        if task is None:
            self.budget, self.received = min(self.limits.output_bytes, self.outputs_left), 0
            await self._execute(cell, index)
            self._note_error(cell)
            self.outputs_left -= min(self.received, self.budget)
            result.outputs[index] = [_without_metadata(o) for o in cell.outputs if not is_noise(o, self.family.noise)]
        elif task in tasks:
            result.evidence[task] = await self._ask(tasks[task], index)

    def _note_error(self, cell: NotebookNode) -> None:
        """Remember a cell that raised: what it was to define is missing in later tasks."""
        errors = [o for o in cell.outputs if o.output_type == "error"]
        if errors and len(self.broken) < MAX_BROKEN:
            error = errors[-1]
            trace = "\n".join(str(line) for line in error.get("traceback", []))[:20_000]
            lines = [int(n) for n in _LINE.findall(_ANSI.sub("", trace))]
            sources = cell.source.splitlines() or [""]
            code = sources[lines[0] - 1 if lines and 0 < lines[0] <= len(sources) else 0].strip()[:100]
            said = self._stopped() if self.interrupted and error.ename == TIMEOUT else str(error.evalue)[:200]
            self.broken.append(BrokenCell(cell.source[:5000], code, str(error.ename)[:80], said))

    async def _ask(self, specs: Mapping[str, Any], index: int) -> Evidence:
        """One task's evidence: exactly one message with our nonce, from a cell of our own."""
        nonce = secrets.token_hex(16)
        self.evidence, self.received = [], 0
        self.budget = min(self.limits.evidence_bytes, self.evidence_left)
        source, expression = probe_source(specs, nonce, self.family.kernel_side)
        cell = nbformat.v4.new_code_cell(source)
        original = self.nb.cells[index]
        with self._evaluating(expression):
            await self._execute(cell, index)
        self.evidence_left -= min(self.received, self.budget)
        self.nb.cells[index] = original  # nbclient puts what it ran into the notebook
        answers = [e for e in self.evidence if isinstance(e, dict) and e.get("nonce") == nonce]
        if len(answers) == 1 and isinstance(answers[0].get("evidence"), str):
            return Evidence(answers[0]["evidence"], broken=tuple(self.broken))
        if dead := self._dead():
            return dead
        if self.received > self.budget:
            return Evidence(problem="too large")
        errors = [o for o in (*cell.outputs, self.evaluated) if o.get("ename")]
        if not errors:
            return Evidence(problem="silent", said=Message(CHANGED))
        return Evidence(problem="silent", said=f"{errors[-1]['ename']}: {errors[-1].get('evalue')}"[:200])

    @contextmanager
    def _evaluating(self, expression: str) -> Iterator[None]:
        """What is executed meanwhile has the kernel evaluate this after it; `evaluated` is what became of that."""
        self.evaluated = {}
        execute, self.kc.execute = self.kc.execute, partial(self.kc.execute, user_expressions={ASKED: expression})
        try:
            yield
        finally:
            self.kc.execute = execute

    def _note_evaluated(self, execute_reply: Mapping[str, Any], **_cell: Any) -> None:
        """Called by nbclient with the kernel's reply to a cell."""
        found = execute_reply["content"].get("user_expressions")
        found = found.get(ASKED) if isinstance(found, dict) else None
        self.evaluated = found if isinstance(found, dict) else {}

    async def _execute(self, cell: NotebookNode, index: int) -> None:
        if self.death is None and time.monotonic() > self.deadline:
            self._die(_("the notebook ran longer than {seconds} seconds"), seconds=self.limits.notebook_seconds)
        if self.death is not None:
            cell.outputs = [_error("KernelDied", self.death.render(self.language))]
            return
        self.interrupted = False
        # nbclient interrupts after cell_seconds; code that swallows the interrupt meets the outer limit
        wait = self.limits.cell_seconds + GRACE_SECONDS
        ends = time.monotonic() + wait
        try:
            await asyncio.wait_for(self.async_execute_cell(cell, index, store_history=False), wait)
        except Exception as error:  # a hostile kernel can make nbclient raise nearly anything
            # a kernel that sends without a pause is never found silent, so never interrupted
            self.interrupted |= time.monotonic() >= ends
            self._explain(error)
        if self.death is not None:
            cell.outputs.append(_error("KernelDied", self.death.render(self.language)))
        elif self.interrupted:
            cell.outputs.append(_error(TIMEOUT, self._stopped().render(self.language)))

    def _stopped(self) -> Message:
        return Message(_("This cell was stopped after {seconds} seconds."), {"seconds": self.limits.cell_seconds})

    def _explain(self, error: Exception) -> None:
        if self.interrupted:
            seconds = self.limits.cell_seconds
            self._die(_("a cell ran longer than {seconds} seconds and could not be stopped"), seconds=seconds)
        elif isinstance(error, DeadKernelError):
            self.died = True
            self._die(_("the kernel died: out of memory, out of time, or ended by the code"))
        else:
            self.log.warning("the kernel's messages could not be read: %r", error)
            self._die(_("the kernel sent messages that cannot be read"))

    def _dead(self) -> Evidence | None:
        return Evidence(problem="died", said=self.death) if self.death else None

    def _die(self, text: str, **values: Any) -> None:
        self.death = self.death or Message(text, values)

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self.interrupted = True
        return await super()._async_handle_timeout(timeout, cell)

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        """Take a message while the cell's budget lasts, whatever its kind. Called by nbclient for each."""
        if msg["msg_type"] in SHOWING:
            evidence = (msg["content"].get("data") or {}).get(EVIDENCE_MIME)
            self.received += self._cost(msg["content"]) if evidence is None else len(str(evidence))
            if self.received > self.budget:
                if not cell.outputs or cell.outputs[-1].get("text") != TRUNCATED:
                    cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=TRUNCATED))
                return None
            if evidence is not None:  # whatever else is in that message is nothing to show, now or in another's place
                self.evidence.append(evidence)
                return None
        return super().process_message(msg, cell, cell_index)

    def _cost(self, content: Mapping[str, Any]) -> int:
        """Bytes by which a message makes the notebook longer. One that takes the place of others costs the rest."""
        new = _bytes(content)
        others = self._display_id_map.get((content.get("transient") or {}).get("display_id"), {})
        places = [(cell, index) for cell, indices in others.items() for index in indices]
        if len(places) > MAX_SAME:
            return self.budget + 1
        old = [_bytes(self.nb.cells[cell].outputs[index]) for cell, index in places]
        return max(0, new * max(1, len(old)) - sum(old))

    def handle_comm_msg(self, outs: list[Any], msg: Any, cell_index: int) -> None:
        """Widgets are not kept: a learner's comm messages would hook into ours."""


ASKED = "asked"  # the name of an expression that the kernel evaluates
CHANGED = _("Something in it changes how the kernel answers: take that out.")
LEFT_OUT = "left_out"  # in a cell's metadata: it is not executed
MAX_BROKEN = 20  # cells that raised; the first one matters
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(
    r"(?:^-+> *|, line )(\d{1,7})\b", re.MULTILINE
)  # IPython's arrow, or Python's words for a SyntaxError
GRACE_SECONDS = 15  # between the interrupt of a cell and the end of its kernel
SHOWING = ("stream", "display_data", "execute_result", "error", "update_display_data")
MAX_SAME = 20  # displays that one message can change
TRUNCATED = "\n[more output was cut]\n"


def task_of(cell: NotebookNode) -> str | None:
    """The task whose test cell this is, None for other cells."""
    meta = cell.metadata.get("nbgrader", {})
    is_test = cell.cell_type == "code" and meta.get("grade") and not meta.get("solution")
    return str(meta["grade_id"]).removesuffix("_test") if is_test else None


def _without_metadata(output: NotebookNode) -> dict[str, Any]:
    """What a page shows of it: what the kernel says about it is nobody's to read, and marks are ours alone to set."""
    return {key: {} if key == "metadata" else value for key, value in output.items()}


def is_noise(output: NotebookNode, noise: str) -> bool:
    """Take a library's own log lines out of a stderr output; True when nothing else was in it.

    `noise`: a regular expression for the beginning of such a line.
    """
    if not noise or output.output_type != "stream" or output.name != "stderr":
        return False
    output.text = re.sub(rf"^(?:{noise}).*$\n?", "", output.text, flags=re.MULTILINE)
    return not output.text.strip()


def _bytes(content: Any) -> int:
    """How long it is as JSON."""
    return len(json.dumps(content, default=str))


def _error(name: str, value: str) -> NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue=value, traceback=[f"{name}: {value}"])
