"""Visible checks of the notebook 4_challenge: the form, and values of public examples; others are graded."""

from typing import Any

import numpy as np

from .checking import build, call, passed, require
from .facts import LEAST_PARAMETERS
from .messages import _, grouped, number, say
from .tried import require_example, tried

IMAGE = (28, 28)
LOGS = ("loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy")


def check_stop_early(early_stopping: Any) -> None:
    """The function returns a new `EarlyStopping` that watches something Keras reports."""
    import keras

    callback = call(early_stopping)
    require(
        not isinstance(callback, type),
        _("{name} returns the class itself: call it, with its arguments in brackets."),
        name="early_stopping",
    )
    require(
        not isinstance(callback, (list, tuple)),
        _("{name} must return the callback itself, not a list or a tuple; the list belongs in `fit(callbacks=[…])`."),
        name="early_stopping",
    )
    require(
        isinstance(callback, keras.callbacks.EarlyStopping),
        _("{name} must return a keras.callbacks.EarlyStopping; it returns an object of type {kind}."),
        name="early_stopping",
        kind=type(callback).__name__,
    )
    require(
        callback.monitor in LOGS,
        _("There is no quantity {monitor!r} to watch for this model. There are: {logs}."),
        monitor=callback.monitor,
        logs=", ".join(LOGS),
    )
    require(
        call(early_stopping) is not callback,
        _("early_stopping must make a new callback at each call: a used one remembers the last training."),
    )
    passed(_("An EarlyStopping that watches a quantity of this model."))


def check_adamw(one_step: Any, same_for_adam: Any) -> None:
    """New finite weights of the same shape, for both kinds; w and g stay; a choice between True and False."""
    rng = np.random.default_rng(3)
    for shape in ((3,), (2, 4)):
        for decoupled in (False, True):
            w, g = rng.normal(size=shape), rng.normal(size=shape)
            _require_step(one_step, w, g, decoupled)
    _require_steps(one_step)
    require(same_for_adam is not None, _("{name} is not written yet."), name="same_for_adam")
    require(
        isinstance(same_for_adam, (bool, np.bool_)),
        _("same_for_adam must be True or False; it is {value!r}."),
        value=same_for_adam,
    )
    tried(_("One step for both kinds of decay, and a choice."))


def _require_steps(one_step: Any) -> None:
    """One weight, w = 2 with g = 1, η = 0.1 and λ = 0.5."""
    for lam, decoupled, right, mistakes in (
        (
            0.0,
            False,
            1.9,
            {
                _("The step goes uphill."): 2.1,
                _("The learning rate is missing."): 1.0,
                _("That is the change of the weight: the new weight is asked for."): -0.1,
            },
        ),
        (
            0.5,
            False,
            1.7,
            {
                _("Half of what the penalty asks: differentiate λw²."): 1.8,
                _("The penalty plays no part in the step."): 1.9,
                _("The learning rate has to multiply the gradient of the penalty too."): -0.1,
            },
        ),
        (
            0.5,
            True,
            1.8,
            {
                _("Twice as strong as Keras's decay: there λ multiplies the weight itself."): 1.7,
                _("λ plays no part in the step."): 1.9,
                _("The decay lacks the learning rate."): 0.9,
                _("The decay is taken from the new weight: Keras takes it from the old one."): 1.805,
            },
        ),
    ):
        new = call(one_step, np.array([2.0]), np.array([1.0]), 0.1, lam, decoupled)
        example = say(_("one_step with w = 2, g = 1, lr = {rate}, lam = {lam}, decoupled = {decoupled}"),
                      rate=number(0.1), lam=number(lam), decoupled=decoupled)  # fmt: skip
        require_example(new, [right], example, {s: [wrong] for s, wrong in mistakes.items()}, tolerance=1e-5)


def _require_step(one_step: Any, w: Any, g: Any, decoupled: bool) -> None:
    before, gradient = w.copy(), g.copy()
    new = call(one_step, w, g, 0.1, 0.01, decoupled)
    require(
        np.array_equal(w, before) and np.array_equal(g, gradient),
        _("{name} changes the arrays it is given (`w -= …` does that): compute a new array."),
        name="one_step",
    )
    values = np.asarray(new)
    require(
        values.dtype.kind in "fiu" and values.shape == w.shape,
        _("{name} must return an array of the shape of w, {expected}; it returns {kind} of shape {shape}."),
        name="one_step",
        expected=w.shape,
        kind=type(new).__name__,
        shape=values.shape,
    )
    require(np.all(np.isfinite(values)), _("{name} returns numbers that are not finite."), name="one_step")


def check_challenge(build_challenge_model: Any) -> None:
    """A model for images with ten probabilities and enough trainable parameters."""
    model = build(build_challenge_model, IMAGE)
    count = sum(int(np.prod(weights.shape)) for weights in model.trainable_weights)
    told = grouped(count)
    require(
        count >= LEAST_PARAMETERS,
        _("Your model has {count} trainable parameters, fewer than {least}: "
          "here the aim is to regularize a large model, not to make it smaller."),
        count=told,
        least=grouped(LEAST_PARAMETERS),
    )  # fmt: skip
    passed(_("A model from 28 × 28 pixels to 10 probabilities, with {count} trainable parameters."), count=told)
