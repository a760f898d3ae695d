"""Visible checks of the notebook 2_l1_l2: form only; the values are graded."""

from typing import Any

import numpy as np

from .checking import build, call, passed, require, require_key, require_losses, require_number, require_pair
from .facts import LEAST_STRENGTHS
from .messages import _

IMAGE = (28, 28)


def check_penalty(l1_penalty: Any, l2_penalty: Any, l1_l2_penalty: Any) -> None:
    """Each gives one number ≥ 0 for kernels of any shape, 0 when λ is 0, and leaves the kernel as it is."""
    rng = np.random.default_rng(1)
    for function, strengths in ((l1_penalty, (0.1,)), (l2_penalty, (0.1,)), (l1_l2_penalty, (0.1, 0.2))):
        for shape in ((4,), (3, 2), (3, 3, 2, 4)):
            kernel = rng.normal(size=shape)
            before = kernel.copy()
            value = call(function, kernel, *strengths)
            name = function.__name__
            number = require_number(value, name)
            require(
                np.array_equal(kernel, before),
                _("{name} changes the weights it is given: compute with a new array."),
                name=name,
            )
            require(number >= 0, _("{name} gives a negative number: a penalty never is."), name=name)
        free = require_number(call(function, kernel, *[0.0] * len(strengths)), name)
        require(free == 0, _("With λ = 0, {name} must give 0: there is nothing to pay."), name=name)
    passed(_("Three functions, one number ≥ 0 each, for kernels of several shapes."))


def check_l2_layer(build_l2_model: Any) -> None:
    """The model exists, takes images, gives probabilities and has a penalty somewhere."""
    _check_penalised(build_l2_model)


def check_own_fit(compile_and_fit: Any) -> None:
    """A History of as many epochs as asked for, with the cross-entropy beside the loss, on both sides."""
    import keras

    rng = np.random.default_rng(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(10, "softmax", kernel_regularizer="l2")])
    pairs = [part for _side in range(2) for part in (rng.random((32, 6), "float32"), np.arange(32, dtype="int32") % 10)]
    returned = call(compile_and_fit, model, *pairs, 3)
    curves = getattr(returned, "history", returned)
    require(
        isinstance(curves, dict),
        _("compile_and_fit must return what `model.fit` returns; it returns {kind}."),
        kind=type(returned).__name__,
    )
    wanted = ("loss", "val_loss", "crossentropy", "val_crossentropy")
    missing = [name for name in wanted if name not in curves]
    require(
        not missing,
        _("The history has no {missing}; it has {found}."),
        missing=", ".join(missing),
        found=", ".join(curves),
    )
    for name in wanted:
        require(
            len(curves[name]) == 3,
            _("Asked for {wanted} epochs, compile_and_fit trains for {found}."),
            wanted=3,
            found=len(curves[name]),
        )
        require(
            name.endswith("loss") or curves[name][-1] < curves[name.replace("crossentropy", "loss")][-1],
            _("{name} is not lower than the loss beside it: it still contains the penalty."),
            name=name,
        )
    passed(_("A history with loss and cross-entropy, in training and in validation, for the epochs asked for."))


def check_l1_layer(build_l1_model: Any) -> None:
    """As `check_l2_layer`."""
    _check_penalised(build_l1_model)


def check_elastic(build_elastic_model: Any) -> None:
    """As `check_l2_layer`."""
    _check_penalised(build_elastic_model)


def _check_penalised(function: Any) -> None:
    model = build(function, IMAGE)
    require_penalty(model, function.__name__)
    passed(_("A model from 28 × 28 pixels to 10 probabilities, with a penalty in its loss."))


def require_penalty(model: Any, name: str) -> None:
    """Some layer adds something to the model's loss."""
    require(
        len(model.losses) > 0 and float(sum(float(loss) for loss in model.losses)) > 0,
        _("No layer of the model of {name} adds a penalty: `model.losses` is empty or 0. "
          "A regularizer is an argument of the layer, given when the layer is made."),
        name=name,
    )  # fmt: skip


def check_split_loss(split_loss: Any) -> None:
    """Two finite numbers ≥ 0 for a small penalised model."""
    import keras

    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(10, "softmax", kernel_regularizer=keras.regularizers.L2(0.01))]
    )
    x = np.random.default_rng(2).random((16, 6), "float32")
    y = np.arange(16, dtype="int32") % 10
    parts = require_pair(call(split_loss, model, x, y), "split_loss")
    for part in parts:
        number = require_number(part, "split_loss")
        require(number >= 0, _("{name} gives a negative number: neither part of the loss is."), name="split_loss")
    passed(_("Two numbers for a penalised model."))


def check_sparsity(near_zero_fraction: Any, sparser: Any) -> None:
    """A share between 0 and 1, and a choice of "l1" or "l2"."""
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(10, "softmax")])
    share = require_number(call(near_zero_fraction, model, 0.1), "near_zero_fraction")
    require(
        0 <= share <= 1,
        _("near_zero_fraction gives {share:.4g}; a share lies between 0 and 1."),
        share=share,
    )
    require(sparser is not None, _("{name} is not written yet."), name="sparser")
    require(sparser in ("l1", "l2"), _('sparser must be "l1" or "l2"; it is {value!r}.'), value=sparser)
    passed(_("A share between 0 and 1, and a choice."))


def check_choose_lambda(build_regularized_model: Any, val_losses: Any, best_lambda: Any) -> None:
    """A penalised model; a sweep of at least four λ; the chosen λ is one of them, at no end, and the model's."""
    model = build(build_regularized_model, IMAGE)
    require_penalty(model, build_regularized_model.__name__)
    losses = require_losses(val_losses, "val_losses", LEAST_STRENGTHS)
    require_key(best_lambda, "best_lambda", losses, "val_losses")
    require(
        min(losses) * 1.01 < float(best_lambda) < max(losses) * 0.99,
        _("best_lambda is {best}, at an end of your sweep from {lowest} to {highest}: beyond it, the loss may be lower "
          "still. Sweep further on this side."),
        best=float(best_lambda),
        lowest=float(min(losses)),
        highest=float(max(losses)),
    )  # fmt: skip
    carried = strengths(model)
    require(
        any(np.isclose(strength, float(best_lambda), rtol=0.01) for strength in carried),
        _("The model of build_regularized_model carries λ = {found}, but best_lambda is {best}: hand in the model that "
          "you chose."),
        found=", ".join(f"{strength:.3g}" for strength in carried),
        best=float(best_lambda),
    )  # fmt: skip
    passed(_("A penalised model, a sweep over {count} values of λ, and a choice among them."), count=len(losses))


def strengths(model: Any) -> list[float]:
    """Each λ of L1 and L2 on a kernel of the model."""
    regularizers = [getattr(layer, "kernel_regularizer", None) for layer in model._flatten_layers(include_self=False)]
    found = [float(getattr(r, name, 0) or 0) for r in regularizers for name in ("l1", "l2")]
    return sorted({strength for strength in found if strength})
