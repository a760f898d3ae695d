"""`python -m autograder.units.regularization.calibrate`: how far answers stand from the trained tasks' thresholds."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.checks.seeds import derive
from autograder.families.keras.runs import PAIRS, Comparison, Run, Trainer
from autograder.store import Store
from autograder.units.regularization.calibrate.margins import DRAWS, Verdict, judge, samples
from autograder.units.regularization.calibrate.prose import COST, INTRODUCTION, SWEEPS
from autograder.units.regularization.calibrate.reference_models import PART, TASKS, Entry, TrainedTask
from autograder.units.regularization.classifiers import SETTLED, settled
from autograder.units.regularization.gaps import SURE
from autograder.units.regularization.training import DATA

BATCH = 10  # seeds between two writes to the store: what a stopped calibration loses at most
ENOUGH = 5.0  # standard deviations of the median that every right and wrong answer should be away from its limit
FAR = 100  # standard deviations, beyond which the number says nothing more
Row = tuple[Entry, Verdict]


def main() -> int:
    """Train what is missing, write the page; 1 when a model stands nearer to a threshold than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="pairs of seeds for each model")
    parser.add_argument("--task", action="append", choices=[t.name for t in TASKS], help="only this task")
    parser.add_argument("--to", type=Path, default=Path("docs/calibration.md"), help="the page to write")
    store = Path(".autograder/calibration")
    parser.add_argument("--store", type=Path, default=store, help="where trainings are remembered")
    arguments = parser.parse_args()
    seeds = [derive("calibration", "training", str(number)) for number in range(arguments.seeds)]
    chosen = [task for task in TASKS if not arguments.task or task.name in arguments.task]
    tables = [(task, list(rows(task, Store(arguments.store), seeds))) for task in chosen]
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_text(page(tables, len(seeds)), encoding="utf-8")
    print(f"{arguments.to} is written.")
    near = [(task.name, entry.label) for task, found in tables for entry, verdict in found if too_near(entry, verdict)]
    for task_name, label in near:
        print(f"{task_name}: “{label}” stands too near to a threshold.")
    return 1 if near else 0


def rows(task: TrainedTask, store: Store, seeds: Sequence[int]) -> Iterator[Row]:
    """The verdict on each model of a task, as soon as it is trained."""
    given_config = task.given.config(task.flat)
    given: list[Run] = []
    for batch in _batches(seeds):
        given += Trainer(store, batch, DATA).runs(given_config, flat=task.flat)
    for entry in task.entries:
        theirs: list[Run] = []
        for batch in _batches(seeds):
            theirs += Trainer(store, batch, DATA).runs(
                entry.recipe.config(task.flat), start=given_config, flat=task.flat
            )
        compared = Comparison(given, theirs)
        verdict = judge(samples(compared if task.last_epoch else settled(compared)), task.limits, entry.earns)
        print(line(entry, verdict), flush=True)
        yield entry, verdict


def _batches(seeds: Sequence[int]) -> list[Sequence[int]]:
    return [seeds[i : i + BATCH] for i in range(0, len(seeds), BATCH)]


def too_near(entry: Entry, verdict: Verdict) -> bool:
    """Whether chance could decide over this model."""
    return entry.earns != PART and verdict.margin < ENOUGH


def line(entry: Entry, verdict: Verdict) -> str:
    """One row of the page's table."""
    reduction, ratio, accuracy = (verdict.spreads[q] for q in ("reduction", "crossentropy_ratio", "accuracy"))
    decided = "—"
    if entry.earns != PART:
        chance = f"{verdict.wrong:.2%} (≤ {verdict.at_most:.2%}) | {verdict.tail:.0e}"
        margin = f"{verdict.margin:.1f}" if verdict.margin <= FAR else f"> {FAR}"
        decided = f"{margin} ({verdict.decided_by.replace('_', ' ')}) | {chance}"
    else:
        decided = "— | — | —"
    return (
        f"| {entry.label} | {entry.earns} | {reduction.mean:.1%} ± {reduction.single:.1%} | {reduction.median:.1%} "
        f"| {ratio.mean:.3f} ± {ratio.single:.3f} | {ratio.median:.3f} | {accuracy.mean:.3f} | {decided} |"
    )


HEAD = """| model | should earn | reduction of the gap | sd of its median | cross-entropy ratio | sd of its median \
| accuracy | margin in sd | wrong decisions | normal tail |
|---|---|---|---|---|---|---|---|---|---|"""


def page(tables: Sequence[tuple[TrainedTask, Sequence[Row]]], seeds: int) -> str:
    """The page as Markdown."""
    parts = [
        INTRODUCTION.format(
            seeds=seeds, pairs=PAIRS, draws=DRAWS, groups=seeds // PAIRS, enough=f"{ENOUGH:g}", sure=SURE
        )
    ]
    for task, found in tables:
        parts += [f"## {task.name}", _limits(task), HEAD + "\n" + "\n".join(line(e, v) for e, v in found)]
    return "\n\n".join([*parts, SWEEPS, COST]) + "\n"


def _limits(task: TrainedTask) -> str:
    texts = []
    for limit in task.limits:
        name, sign = limit.quantity.replace("_", " "), "≥" if limit.upward else "≤"
        partly = f" (something from {limit.anything:g})" if limit.anything != limit.full else ""
        texts.append(f"{name} {sign} {limit.full:g}{partly}")
    epochs = "" if task.last_epoch else f"; losses are averaged over the last {SETTLED} epochs"
    return f"Everything is earned for: {', '.join(texts)}{epochs}."


if __name__ == "__main__":
    sys.exit(main())
