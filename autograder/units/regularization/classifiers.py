"""What every model that we train has to be: a classifier of 28×28 images into ten classes."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.checks.api import fail, require
from autograder.families.keras import models
from autograder.families.keras.runs import Comparison, Run
from autograder.i18n import _

IMAGE, CLASSES = (28, 28), 10
SETTLED = 10  # epochs


def require_classifier(model: Any, name: str) -> None:
    """The model takes images and gives ten probabilities for each, in training mode too; else the check fails.

    With the learner's own weights and with ours.
    """
    x = np.random.default_rng(2).random((64, *IMAGE), "float32")
    for _place in models.at_drawn_weights(model):
        _require_probabilities(model, x, name)


def _require_probabilities(model: Any, x: Any, name: str) -> None:
    try:
        found, noisy = models.answers(model, x), models.answers(model, x, training=True)
    except Exception:  # whatever Keras says of an input it cannot take, it is about the learner's model
        fail(_("The model of `{name}` does not take images: one image has the shape {shape}."),
             name=name, shape=str(IMAGE))  # fmt: skip
    require(
        found.shape == (len(x), CLASSES),
        _("The model of `{name}` gives an output of shape {found} for one image, but there are ten classes."),
        name=name,
        found=str(found.shape[1:]),
    )
    require(
        _are_probabilities(found),
        _("The outputs of the model of `{name}` are not probabilities: those of an image have to add up to 1. "
          "Which activation does that?"),
        name=name,
    )  # fmt: skip
    require(
        _are_probabilities(noisy),
        _("In training mode the outputs of the model of `{name}` are no longer probabilities: "
          "something random acts on the output. Look again at which layers Dropout is meant for."),
        name=name,
    )  # fmt: skip


def _are_probabilities(values: Any) -> bool:
    return bool(np.isfinite(values).all() and (values >= -1e-6).all() and np.allclose(values.sum(-1), 1, atol=1e-3))


def trainable_parameters(model: Any) -> int:
    """How many numbers training can change."""
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def settled(comparison: Comparison) -> Comparison:
    """The same trainings, their losses averaged over the last epochs: a third of the scatter of the last one alone."""

    def average(run: Run) -> Run:
        train, held_out = (float(np.mean(c[-SETTLED:])) for c in (run.train_curve, run.held_out_curve))
        return run._replace(train=train, held_out=held_out)

    given, theirs = ([average(run) for run in runs] for runs in (comparison.given, comparison.theirs))
    return replace(comparison, given=given, theirs=theirs)
