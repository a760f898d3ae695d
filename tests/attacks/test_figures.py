"""What the page on security says about the attacks is what the last run found."""

import json

from autograder.classroom import read_class
from tests.attacks.run import BESIDE, HARMLESS, HOSTILE, PROJECT, by_kind, holds, runs_in_stock

RESULTS = json.loads((PROJECT / "benchmarks" / "results" / "attacks.json").read_text(encoding="utf-8"))
NAMES = {
    "checks": "The checks",
    "data": "Data",
    "file": "Files",
    "kernel": "In the kernel",
    "notebook": "The notebook",
    "process": "Processes",
    "reading": "Reading",
    "all": "**All**",
}


def test_the_last_run_held_and_had_the_class_as_it_is() -> None:
    submissions = read_class(HOSTILE)
    assert holds(RESULTS["ours"])
    assert RESULTS["ours"]["submissions"] == len(submissions)
    assert RESULTS[BESIDE]["submissions"] == sum(runs_in_stock(t) for t in submissions)
    assert RESULTS["by_kind"] == by_kind(RESULTS, submissions)
    assert RESULTS["by_kind"]["all"]["ours"] == len(submissions) - len(HARMLESS)


def test_the_page_gives_the_figures_of_the_last_run() -> None:
    page = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    for kind, row in RESULTS["by_kind"].items():
        ours, stock = f"{row['ours_earned_more']} of {row['ours']}", f"{row['stock_earned_more']} of {row['stock']}"
        assert f"| {NAMES[kind]} | {stock if row['stock'] else '–'} | {ours} |" in page
