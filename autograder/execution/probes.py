"""The questions put to a learner's kernel, and the code that asks them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVIDENCE_MIME = "application/vnd.autograder.evidence+json"
_KERNEL_SIDE = (Path(__file__).parent / "kernel_side.py").read_text(encoding="utf-8")


def probe_source(specs: Mapping[str, Any], nonce: str, family: str = "") -> tuple[str, str]:
    """A cell, and an expression to evaluate after it that asks every probe of `specs` and publishes one evidence
    message carrying `nonce`.

    `specs` is what the trusted process planned for a task: name → {"kind": "call" | "value", "target": identifier,
    "cases": [[argument, ...], ...], "inputs": [argument, ...], "fresh": bool}, arguments as JSON. `family`: text of
    the family's own kernel side. Not all of it is the cell's, because ipykernel hashes a cell's text in Python: 0.2 s a
    megabyte.
    """
    text = json.dumps(dict(specs))
    # no name is looked up that a learner may have given away (`compile`, `exec`, `globals`), and none of ours stays
    ours = f"__asked_{nonce}__"
    program = _ASK.format(ours=ours, side=_KERNEL_SIDE, family=family, specs=text, mime=EVIDENCE_MIME, nonce=nonce)
    return (
        f"import builtins as {ours}",
        f"{ours}.exec({ours}.compile({program!r}, 'grader', 'exec'), {{'namespace': {ours}.globals()}})",
    )


_ASK = """\
del namespace[{ours!r}]
import json, types
side = types.ModuleType("kernel_side")
exec(compile({side!r}, "grader", "exec"), side.__dict__)
family = {family!r} and types.ModuleType("family")
if family:
    exec(compile({family!r}, "grader", "exec"), family.__dict__)
side.report(json.loads({specs!r}), namespace, {nonce!r}, {mime!r}, family or None)
"""
