"""One bounded, coverage-guided fuzz run (atheris, libFuzzer) for each thing that reads what a stranger wrote.

    tests/guard.sh .venv/bin/python -m tests.fuzz.run [--runs N] [--seconds S] [--corpus FOLDER] [NAME ...]

The runs begin from a fixed seed. An input that breaks a target is left in build/.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
RUNS = {"evidence": 50_000, "configs": 600, "checks": 200}  # a parse takes below 1 ms, a model 40, checks 200
OPTIONS = ["-seed=1", "-max_len=30000", "-timeout=120", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1"]


def fuzz(name: str, runs: int, seconds: int, corpus: Path) -> "subprocess.CompletedProcess[str]":
    """Run one target until `runs` inputs or `seconds` have passed; status 0 when none broke it."""
    build = PROJECT / "build"
    build.mkdir(exist_ok=True)
    bounds = [f"-runs={runs}", f"-max_total_time={seconds}", f"-artifact_prefix={build}/fuzz-{name}-"]
    return subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.fuzz_{name}", *OPTIONS, *bounds, str(corpus)], cwd=PROJECT, check=False,
        capture_output=True, text=True, errors="replace",
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONHASHSEED": "0"},
    )  # fmt: skip


def executed(said: str) -> int:
    """How many inputs a run tried, from what libFuzzer says at its end."""
    lines = [line for line in said.splitlines() if line.startswith("stat::number_of_executed_units:")]
    return int(lines[-1].split()[-1]) if lines else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; all when left out")
    parser.add_argument("--runs", type=int, help="inputs to try")
    parser.add_argument("--seconds", type=int, default=300, help="the longest time for one target")
    parser.add_argument("--corpus", type=Path, help="folder with a folder per target, to keep what was found")
    arguments = parser.parse_args()
    status = 0
    for name in arguments.names or RUNS:
        with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
            corpus = arguments.corpus / name if arguments.corpus else Path(folder)
            corpus.mkdir(parents=True, exist_ok=True)
            ran = fuzz(name, arguments.runs or RUNS[name], arguments.seconds, corpus)
        print(f"{name}: {executed(ran.stderr)} inputs, {'none' if ran.returncode == 0 else 'ONE'} broke it")
        if ran.returncode:
            print(ran.stderr[-6000:], file=sys.stderr)
        status = status or ran.returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
