"""Answers to the tasks of notebook 2_l1_l2."""

from tests.checks.harness import Wrong

RIGHT = {
    "penalty": {
        "numpy": "import numpy as np\ndef l2_penalty(w, lam): return lam * np.sum(w ** 2)",
    }
}
WRONG = {
    "penalty": {
        "half": Wrong("def l2_penalty(w, lam): return lam * (w ** 2).sum() / 2", "l2_penalty", "Your penalty is half"),
        "stub": Wrong("def l2_penalty(w, lam): raise NotImplementedError", "l2_penalty", "`l2_penalty` is not written"),
    }
}
