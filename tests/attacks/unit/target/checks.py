"""Checks of the notebook that hostile submissions are aimed at."""

# mypy: allow-untyped-defs, allow-untyped-decorators

import numpy as np

from autograder.checks.api import Task, fail, require
from autograder.checks.values import close, match
from autograder.errors import EvidenceRefused
from autograder.families.keras.evidence import ModelData
from autograder.families.keras.rebuild import rebuild

penalty = Task("penalty")
values = penalty.call("l2_penalty", lambda rng: [[rng.normal(size=(3, 4)), 0.5], [rng.normal(size=7), 0.01]])


@penalty.check(points=6)
def is_the_sum_of_squares(values):
    """The penalty is λ times the sum of the squared weights."""
    match(values, lambda w, lam: lam * np.sum(w**2), {}, "l2_penalty")


model = Task("model")
built = model.model("build_model")


@model.check(points=4)
def is_penalised(built):
    """The hidden layer is penalised, and the layers are as asked."""
    require(isinstance(built, ModelData), "Not a model.")
    try:
        again = rebuild(built)
    except EvidenceRefused as refused:
        fail(refused.message.text, **refused.message.values)
    require(again.count_params() == 785 * 8 + 9 * 3, "Other layers were asked.")
    again.set_weights([np.ones_like(w) for w in again.get_weights()])
    require(close(sum(float(v) for v in again.losses), 0.01 * 784 * 8), "Its penalty is another one.")
