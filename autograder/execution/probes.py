"""The questions put to a learner's kernel, and the cell that asks them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVIDENCE_MIME = "application/vnd.autograder.evidence+json"
_KERNEL_SIDE = (Path(__file__).parent / "kernel_side.py").read_text(encoding="utf-8")


def probe_source(specs: Mapping[str, Any], nonce: str, family: str = "") -> str:
    """Python source that asks every probe of `specs` and publishes one evidence message carrying `nonce`.

    `specs` is what the trusted process planned for a task: name → {"kind": "call" | "value", "target": identifier,
    "cases": [[argument, ...], ...], "inputs": [argument, ...]}, arguments as JSON. `family`: text of the family's
    own kernel side.
    """
    text = json.dumps(dict(specs))
    # everything happens inside a function: no name of ours stays in the learner's namespace
    return (
        "def __ask__(spec, namespace, nonce, mime):\n"
        "    import types\n"
        "    side = types.ModuleType('kernel_side')\n"
        f"    exec(compile({_KERNEL_SIDE!r}, 'grader', 'exec'), side.__dict__)\n"
        f"    family = {family!r} and types.ModuleType('family')\n"
        f"    family and exec(compile({family!r}, 'grader', 'exec'), family.__dict__)\n"
        "    side.report(spec, namespace, nonce, mime, family or None)\n"
        f"import json as __json__; __ask__(__json__.loads({text!r}), globals(), {nonce!r}, {EVIDENCE_MIME!r})\n"
        "del __ask__, __json__\n"
    )
