"""`python -m autograder.units.regularization.calibrate`: how far answers stand from the trained tasks' thresholds."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.checks.seeds import derive
from autograder.families.keras.runs import PAIRS, Comparison, Run, Trainer
from autograder.store import Store
from autograder.units.regularization.calibrate.margins import DRAWS, Verdict, judge, samples
from autograder.units.regularization.calibrate.reference_models import PART, TASKS, Entry, TrainedTask
from autograder.units.regularization.classifiers import SETTLED, settled
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
    parts = [INTRODUCTION.format(seeds=seeds, pairs=PAIRS, draws=DRAWS, groups=seeds // PAIRS, enough=f"{ENOUGH:g}")]
    for task, found in tables:
        parts += [f"## {task.name}", _limits(task), HEAD + "\n" + "\n".join(line(e, v) for e, v in found)]
    return "\n\n".join(parts) + "\n"


def _limits(task: TrainedTask) -> str:
    texts = []
    for limit in task.limits:
        name, sign = limit.quantity.replace("_", " "), "≥" if limit.upward else "≤"
        partly = f" (something from {limit.anything:g})" if limit.anything != limit.full else ""
        texts.append(f"{name} {sign} {limit.full:g}{partly}")
    epochs = "" if task.last_epoch else f"; losses are averaged over the last {SETTLED} epochs"
    return f"Everything is earned for: {', '.join(texts)}{epochs}."


INTRODUCTION = """# Calibration of the trained tasks

Some checks train the learner's model. Their thresholds are measured here: `python -m
autograder.units.regularization.calibrate` trains right answers and likely mistakes with {seeds} pairs of seeds each and
writes this page. It can be stopped and started again.

A model and the given one share the seed: order of the rows, and initial weights where their shapes agree. Gap: hidden
minus training cross-entropy, without penalties, in inference mode. Reduction: 1 − gap / gap of the given model. Ratio:
hidden cross-entropy / that of the given model. A grade looks at the median over {pairs} pairs.

Losses are averaged over the last epochs, because that halves the scatter: Adam's loss jumps from one epoch to the next.
With the last epoch alone (same runs), three models of the first two tables stood nearer to their threshold
than 5 sd: L2 0.001 at 4.7, L2 1 at 3.3 and Dropout 0.2 at 4.7. The thresholds themselves did not have to be moved.

The machine hardly matters: one thread instead of two moved the medians of four models (L2 0.001 and 0.01, Dropout 0.5
and 0.2) by 0.003 at most, switching oneDNN off by nothing (`tests/trusted/test_reproducible.py`).

Before anything is trained, what is there in name only is refused, so that a gap that became small has one cause:
- *a penalty*: L2 of 9e-6 or L1 of 9e-7 on some kernel. L2 0.00001 moves the gap by less than its scatter (first table),
  so that nothing that helps is refused. On weights of about 0.05, as they are at the beginning, L1 of a tenth of it
  pulls as strongly: 2 · 0.05 · λ.
- *Dropout*: a rate above 0.02, measured with a standard error below 0.01. Dropout 0.02 takes away less of the gap than
  earns anything (second table).
- *use*, in the challenge: 95 % of the 300,000 weights. Honest models have 96.5 to 100 % in use, a linear classifier
  beside a part that is multiplied by 0.001, held below 0.0001 or dropped with rate 0.999 at most 4 %. A kernel is used
  when drawing it anew changes an answer by 0.01 (used ones: 0.1 and more; behind a factor of 0.001: below 0.001), and,
  once trained, when shuffling it changes one by 0.1; a weight, when its input's gradient is a tenth of the strongest's.

How to read the tables:
- *should earn*: full marks or nothing; a model *between* has no single right outcome and is there for orientation.
- *±*: standard deviation over single pairs. *sd of its median*: bootstrap, {draws} draws of {pairs} of the {seeds}
  pairs.
- *margin*: distance of the mean from the threshold that decides, in sd of the median. For a right answer the nearest
  threshold counts, for a wrong one the threshold that stops it best. Wanted: {enough} at least.
- *wrong decisions*: share of the {draws} draws in which a right answer did not earn everything (false refusal), or a
  wrong one earned something (false acceptance); in brackets the upper 95 % bound by Clopper and Pearson (for none at
  all the rule of three, 3/{draws}). It bounds the drawing, not the choice of the {seeds} seeds: those make {groups}
  groups of {pairs} that have no seed in common, too few to see a rare event.
- *normal tail*: the chance of a wrong decision if the median is normal, with its standard deviation at the upper end of
  the 95 % interval that {seeds} seeds leave. This is the figure to believe for rare events, but where a model's
  trainings scatter widely and lean to one side: two hidden units reach an accuracy between 0.10 and 0.69, according to
  which of them die, and never came near the floor of 0.75; a normal distribution of that width would, now and then."""

if __name__ == "__main__":
    sys.exit(main())
