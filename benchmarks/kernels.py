"""What isolation costs, and what a warm start saves: `python benchmarks/kernels.py`.

Two comparisons, each in one go and in turns: a kernel without a sandbox against the same kernel sandboxed
(until it has answered), and a cold sandboxed kernel against a warm one (until it has built and called its
first Keras model). All run the same command and are waited for in the same way. Times are seconds. Writes
`benchmarks/results/kernels.json`: read differences and ratios, not the times, which depend on the machine.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets.config import Config

from autograder.sandbox import kernel, warm
from autograder.sandbox.jail import Jail
from autograder.sandbox.provisioner import CHANNELS, POLL_SECONDS, SandboxProvisioner

Runs = dict[str, list[dict[str, float]]]
RESULTS = Path(__file__).with_name("results") / "kernels.json"
MODEL = """
import keras
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
model(keras.ops.ones((1, 784)))
"""


async def one_kernel(kind: str, workdir: Path, code: str) -> dict[str, float]:
    """Seconds until one kernel of `kind` is ready, has run `code`, and is gone."""
    config = Config()
    config.Sandbox.warm = kind == "warm"
    started = time.perf_counter()
    if kind == "plain":
        manager = kernel._manager("local-provisioner", LocalProvisioner, {}, config)
        manager.transport, manager.ip = "ipc", f"{workdir}/{time.monotonic_ns()}"
    else:
        manager = kernel._manager("autograder-sandbox", SandboxProvisioner, {"workdir": str(workdir)}, config)
    await manager.start_kernel(cwd=str(workdir))
    if kind == "plain":
        await as_if_sandboxed(manager)
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=120)
    ready = time.perf_counter() - started
    reply = await client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
    ran = time.perf_counter() - started
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok"  # noqa: S101
    return {"ready": ready, "ran": ran, "gone": time.perf_counter() - started}


async def as_if_sandboxed(manager: kernel.SandboxedKernelManager) -> None:
    """Wait for a plain kernel as the sandbox does: until its five sockets listen, with the same client."""
    manager.client_factory = kernel.SandboxClient
    manager.provisioner.open_door = manager.provisioner.close_door = lambda: None
    while sum(f" {manager.ip}-" in line for line in Path("/proc/net/unix").read_text().splitlines()) < CHANNELS:
        await asyncio.sleep(POLL_SECONDS)


def jail_seconds(pairs: int) -> list[float]:
    """What the jail itself adds to a command: (jailed `true`) - (`true`), paired."""
    differences = []
    for _ in range(pairs):
        started = time.perf_counter()
        os.posix_spawnp("true", ["true"], {"PATH": os.defpath})
        os.wait()
        between = time.perf_counter()
        Jail().start(["true"]).wait()
        differences.append(time.perf_counter() - between - (between - started))
    return differences


async def measure(kinds: Sequence[str], pairs: int, code: str) -> dict[str, list[dict[str, float]]]:
    """`pairs` of each kind in turns, after one of each that does not count (caches, the warm process)."""
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(pairs + 1):
            for kind in kinds if number % 2 else reversed(kinds):
                run = await one_kernel(kind, Path(folder), code)
                if number:
                    runs[kind].append({name: round(value, 4) for name, value in run.items()})
    return runs


def medians(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Of each time of each kind."""
    return {
        kind: {name: statistics.median(run[name] for run in found) for name in found[0]} for kind, found in runs.items()
    }


def summary(overhead: Runs, models: Runs, jails: Sequence[float]) -> dict[str, Any]:
    """What is compared, pair by pair, and the medians."""
    plain_cold = zip(overhead["plain"], overhead["cold"], strict=True)
    cold_warm = zip(models["cold"], models["warm"], strict=True)
    return {
        "sandbox_overhead_seconds": statistics.median(c["ready"] - p["ready"] for p, c in plain_cold),
        "jail_overhead_seconds": statistics.median(jails),
        "warm_first_model_seconds": statistics.median(w["ran"] for w in models["warm"]),
        "warm_is_faster_than_cold": statistics.median(c["ran"] / w["ran"] for c, w in cold_warm),
        "targets": {
            "sandbox_overhead_seconds": "<= 0.060",
            "warm_first_model_seconds": "<= 0.7",
            "warm_is_faster_than_cold": ">= 5",
        },
        "median_seconds": {"empty cell": medians(overhead), "first Keras model": medians(models)},
        "machine": {
            "cpus": os.cpu_count(),
            "load": os.getloadavg()[0],
            "nice": os.nice(0),
            "python": platform.python_version(),
        },
        "runs": {"empty cell": overhead, "first Keras model": models},
    }


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=25, help="pairs of plain and sandboxed kernels")
    parser.add_argument("--models", type=int, default=7, help="pairs of cold and warm kernels")
    arguments = parser.parse_args()
    overhead = asyncio.run(measure(("plain", "cold"), arguments.starts, "None"))
    models = asyncio.run(measure(("cold", "warm"), arguments.models, MODEL))
    warm.shutdown()
    result = summary(overhead, models, jail_seconds(4 * arguments.starts))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "runs"}, indent=1))


if __name__ == "__main__":
    main()
