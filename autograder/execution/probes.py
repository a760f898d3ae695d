"""The questions put to a learner's kernel, and the cell that asks them."""

import json
from pathlib import Path
from typing import Any

EVIDENCE_MIME = "application/vnd.autograder.evidence+json"
_KERNEL_SIDE = (Path(__file__).parent / "kernel_side.py").read_text(encoding="utf-8")


def probe_source(specs: dict[str, Any], nonce: str) -> str:
    """Python source that asks every probe of `specs` and publishes one evidence message carrying `nonce`.

    `specs` is what `autograder.trusted` planned: name → {"kind": "call" | "value", "target": identifier,
    "cases": [[argument, ...], ...], "inputs": [argument, ...]}, arguments as JSON.
    """
    text = json.dumps(specs)
    # everything happens inside a function: no name of ours stays in the learner's namespace
    return (
        "def __ask__(spec, namespace, nonce, mime):\n"
        "    import types\n"
        "    side = types.ModuleType('kernel_side')\n"
        f"    exec(compile({_KERNEL_SIDE!r}, 'grader', 'exec'), side.__dict__)\n"
        "    side.report(spec, namespace, nonce, mime)\n"
        f"import json as __json__; __ask__(__json__.loads({text!r}), globals(), {nonce!r}, {EVIDENCE_MIME!r})\n"
        "del __ask__, __json__\n"
    )
