"""Writes the figures of `benchmarks/results/` into docs/performance.md, and the plot beside it.

python -m benchmarks.report
"""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PLOT = PAGE.parent / "performance.svg"
MARKS = "<!-- figures -->\n", "<!-- end of figures -->\n"


def read(name: str) -> dict[str, Any]:
    """One file of results."""
    return dict(json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")))


def when(measured: dict[str, Any]) -> str:
    """Under which conditions it was measured."""
    machine = measured["machine"]
    return f"{machine['cores']} cores, load average {machine['load_average_1_min']}, {machine['when']}"


TARGETS = {"two workers / one": 1.85}


def grading(measured: dict[str, Any]) -> str:
    """The table of a class."""
    note = "Memory is proportional (PSS), and a worker's is that of all its processes."
    projected = [
        f"- {name}: 1,000 would take {run['hours_for_1000']} h, if each takes what those beyond the first "
        f"{measured['learners']} took" for name, run in measured["runs"].items()
        if "hours_for_1000" in run
    ]  # fmt: skip
    parts = ["## A class", _about(measured), _table(measured, beside_stock=True), *projected, note]
    return "\n\n".join(parts)


def workers(measured: dict[str, Any]) -> str:
    """The table of ours beside ours."""
    ratios = [f"- {name}: {value} ×{_wanted(name)}" for name, value in measured["ratios"].items()]
    note = "Every model is another one, every store begins empty. A Dask cluster's own processes are not in the memory."
    return "\n\n".join(["## Workers", _about(measured), _table(measured, beside_stock=False), "\n".join(ratios), note])


def _about(measured: dict[str, Any]) -> str:
    names = measured["notebooks"]
    which = names if isinstance(names, str) else ", ".join(f"`{n}`" for n in names)
    return f"{measured['learners']} learners, notebooks: {which}, {measured['workers']} workers ({when(measured)})."


def _table(measured: dict[str, Any], *, beside_stock: bool) -> str:
    columns = ["Run", "Notebooks", "s", "Notebooks a minute", *(["Stock"] if beside_stock else []),
               "Peak memory, MB", "of a worker, by quarter of the run"]  # fmt: skip
    rows = [columns, ["---"] * len(columns)]
    for name, run in measured["runs"].items():
        stock = [f"{run['times_stock']} ×"] if beside_stock else []
        quarters = ", ".join(map(str, run["peak_worker_mb_by_quarter"]))
        rows.append([name, run["notebooks"], run["seconds"], run["notebooks_per_minute"], *stock,
                     run["peak_memory_mb"], quarters])  # fmt: skip
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def _wanted(name: str) -> str:
    return f" (wanted: {TARGETS[name]} ×)" if name in TARGETS else ""


def training(measured: dict[str, Any]) -> str:
    """The table of one training."""
    rows = [
        f"| `{name}` | "
        + " | ".join(f"{pair[name]['seconds']:.1f} ({pair[name]['cpu_seconds']:.1f})" for pair in measured["pairs"])
        + " |"
        for name in ("fit", "train")
    ]
    ratio = measured["fit / train"]
    head = "| | " + " | ".join(f"seed {n}" for n in range(len(measured["pairs"]))) + " |\n|---"
    head += "|---" * len(measured["pairs"]) + "|\n"
    text = f"Wall-clock seconds and, in brackets, CPU seconds of {measured['epochs']} epochs ({when(measured)}).\n\n"
    end = f"\n\n`fit` / `train`, median: {ratio['seconds']:.1f} × in time, {ratio['cpu_seconds']:.1f} × in CPU time."
    return "## One training\n\n" + text + head + "\n".join(rows) + end + _decisions(measured.get("decisions", {}))


def _decisions(measured: dict[str, Any]) -> str:
    head = "\n\nCPU seconds to decide on a learner's model, the given one being known (pairs trained):\n\n"
    head += "| | first model of its structure | another strength |\n|---|---|---|\n"
    rows = [
        f"| {kind} | " + " | ".join(f"{found[s]['cpu_seconds']} ({found[s]['pairs']})" for s in ("new", "known")) + " |"
        for kind, found in measured.items()
    ]
    return head + "\n".join(rows) if rows else ""


def driver(measured: dict[str, Any]) -> str:
    """The driver's own cost."""
    rows = [
        ("graded", measured["ours_cpu_ms_per_notebook"], measured["nbgraders_cpu_ms_per_notebook"]),
        ("graded again", *(measured["regrade"][f"{who}_cpu_ms_per_notebook"] for who in ("ours", "nbgraders"))),
        ("stock nbgrader, `Execute` left out", "", measured["stock_without_executing_cpu_ms_per_notebook"]),
    ]
    table = "\n".join(f"| {name} | {ours} | {theirs} |" for name, ours, theirs in rows)
    pages = measured.get("pages_cpu_ms_per_notebook")  # not measured before
    told = f"\n\nA feedback page: {pages['ours']} ms, stock nbgrader's {pages['stock']} ms." if pages else ""
    return (
        f"## The driver\n\nWith workers that answer at once, {measured['learners']} learners, `{measured['notebook']}` "
        f"({when(measured)}): ms of CPU time a notebook; {measured['memory_mb']} MB of memory at the end.\n\n"
        f"| | ours | nbgrader's own |\n|---|---|---|\n{table}{told}"
    )


def practice(measured: dict[str, Any]) -> str:
    """How long students wait for a page of practice."""
    crowd, rate = measured["class"], measured["new answers a minute that the workers carry"]
    busy = next(name for name in measured if name.endswith("of this rate, s"))
    students = f"{crowd['students']} students within {crowd['minutes']:g} minutes"
    rows = {
        "a known answer, s": measured["a known answer, s"],
        "a new answer, nobody else there, s": measured["a new answer, nobody else there, s"],
        busy.replace("this rate", f"{rate} a minute"): measured[busy],
        f"{students}, s": crowd["seconds to the page"],
        "the same, taken / expected when they came": crowd["taken / expected"],
    }
    table = "\n".join(f"| {name} | {found['p50']} | {found['p95']} |" for name, found in rows.items())
    last_hour = next(f"{name}: {count}" for name, count in measured.items() if name.startswith("workers for"))
    ratios = crowd["taken / expected"]
    return (
        f"## Practice\n\n`{measured['notebook']}`, {measured['workers']} workers ({when(measured)}); hidden inputs "
        f"differ between programs, so each one's models are trained anew.\n\n"
        f"| From the notebook to its page | median | 95th percentile |\n|---|---|---|\n{table}\n\n"
        f"- new answers a minute that the workers carry: {rate}\n- {last_hour}\n"
        f"- of {students}, {crowd['served']} were served, begun in the order of coming: "
        f"{'yes' if crowd['begun in the order of coming'] else 'no'}; taken / expected from {ratios['min']} to "
        f"{ratios['max']}\n- memory: {crowd['peak_memory_mb']} MB at most, of a worker by quarter of the run "
        f"{', '.join(map(str, crowd['peak_worker_mb_by_quarter']))} MB"
    )


def plot(measured: dict[str, Any]) -> None:
    """Notebooks a minute of each run of the class, on a logarithmic axis."""
    mpl.rcParams["svg.hashsalt"] = "performance"
    figure, axes = plt.subplots(figsize=(7, 0.5 + 0.4 * len(measured["runs"])), layout="constrained")
    names = list(measured["runs"])[::-1]
    bars = axes.barh(names, [measured["runs"][n]["notebooks_per_minute"] for n in names], color="#0072b2")
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_xscale("log")
    axes.set_xlabel("notebooks a minute")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    figure.savefig(PLOT, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Write the figures of what was measured so far."""
    makers = {"grading": grading, "workers": workers, "training": training, "driver": driver,
              "practice": practice}  # fmt: skip
    parts = [make(read(name)) for name, make in makers.items() if (RESULTS / f"{name}.json").exists()]
    if (RESULTS / "grading.json").exists():
        plot(read("grading"))
        parts.insert(1, "![Notebooks a minute of each run](performance.svg)")
    text = PAGE.read_text(encoding="utf-8")
    body = "\n\n".join(parts) + "\n"
    PAGE.write_text(
        re.sub(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: f"{MARKS[0]}\n{body}\n{MARKS[1]}", text, flags=re.S),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
