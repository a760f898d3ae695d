"""What `compile_and_fit` of notebook 2_l1_l2 is tried on, and what its curves say of the training behind them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.api import Call, kind_of, require
from autograder.checks.values import number, numbers
from autograder.families.keras.hidden import HiddenModel
from autograder.families.keras.models import Floats
from autograder.i18n import _

NAME = "compile_and_fit"
CLASSES, FEATURES = 10, 12
ROWS, VALIDATION_ROWS = 1120, 90  # 90: each of 10 places with each of its 9 wrong classes once
EPOCHS = (4, 6)  # one of them is drawn; few, for each takes Keras as long as twenty steps
PEAK, SPREAD = 40, 0.5  # pixels
LAMBDA, AT_FIRST = 1.0, 0.02  # of the penalty; the weights' standard deviation
# a right answer, with batches of 16 to 128, Adam, SGD or RMSprop as Keras has them, is slowest with Adam and batches of
# 128: after 4 epochs it ends at 0.99, standard deviation 0.14, 1.52 at most, validation 1.45 above at least; its
# penalty stays above 0.033, and the two of it below 1.21 times one another (200 draws). One that learns from the
# validation images ends at 2.30 at least, one that is validated on training images no higher in validation than in
# training (20 draws of each).
LEARNT, APART, WEIGHS = 1.9, 0.6, 0.01
ALIKE = 2.0  # the penalty of an epoch's average and that of its end differ by less than a quarter
ENOUGH = 4  # epochs after which the curves have come apart
KERASS_NAME = "sparse_categorical_crossentropy"
_FEWER = _(
    "`{name}` has fewer values ({found}) than there were epochs ({epochs}): it is to be measured at each of them."
)


def hidden_fits(rng: np.random.Generator) -> list[list[Any]]:
    """Arguments (model, x, y, x_val, y_val, epochs): classes that are learnt in a few steps, a penalty that weighs.

    The validation labels are wrong ones: who learns from them does not come down, and their loss goes up while the
    training loss comes down. There is one case only: a training costs a second, most of which Keras prepares it.
    """
    epochs = int(rng.choice(EPOCHS))
    return [[_penalised(rng), *_examples(rng, True), *_examples(rng, False), epochs]]


def _penalised(rng: np.random.Generator) -> Any:
    from keras import Input, layers, regularizers

    def stack() -> list[Any]:
        return [Input((FEATURES,)), layers.Dense(CLASSES, "softmax", kernel_regularizer=regularizers.L2(LAMBDA))]

    return HiddenModel(stack, lambda shape: rng.normal(scale=AT_FIRST, size=shape))


def _examples(rng: np.random.Generator, learnable: bool) -> tuple[Any, Any]:
    """x (rows, FEATURES) with a peak, and y (rows,): where the peak is, or each other class equally often."""
    order = rng.permutation(ROWS if learnable else VALIDATION_ROWS)
    peaks = order % CLASSES
    x = rng.normal(scale=SPREAD, size=(len(order), FEATURES))
    x[np.arange(len(order)), peaks] += PEAK
    y = peaks if learnable else (peaks + 1 + order // CLASSES % (CLASSES - 1)) % CLASSES
    return x.astype("float32"), y.astype("int32")


def curve(call: Call, name: str, *, any_length: bool = False) -> Floats:
    """The curve `name` of what `compile_and_fit` returned: one finite number for each epoch; else the check fails.

    `any_length`: it need not be that of the epochs asked for, if it is long enough to say something.
    """
    curves = call.result
    require(
        isinstance(curves, Mapping) and all(isinstance(series, list) for series in curves.values()),
        _("`{name}` should return what `model.fit` returns, but it returned: {kind}."),
        name=NAME,
        kind=kind_of(curves),
    )
    require(name in curves, _missing(curves, name), name=name)
    series, epochs = curves[name], call.arguments[-1]
    ran = len(curves.get("loss", ()))
    require(len(series) >= ran, _FEWER, name=name, found=len(series), epochs=ran)
    require(
        len(series) == epochs or (any_length and len(series) >= ENOUGH),
        _("We asked for {wanted} epochs, and the training had {found}: how many is `fit` told?"),
        wanted=epochs,
        found=len(series),
    )
    return numbers([number(value, NAME) for value in series], (len(series),), NAME)


def _missing(curves: Mapping[Any, Any], name: str) -> str:
    """The sentence for a curve that is not there."""
    if name.startswith("val_") and not any(str(key).startswith("val_") for key in curves):
        return _("The history has no `{name}`: nothing was measured on validation images. How does `fit` get them?")
    if any(KERASS_NAME in str(key) for key in curves):
        return _("The history has no `{name}`: the metric is there, under Keras's own name. Its argument `name` gives "
                 "it another.")  # fmt: skip
    return _("The history has no `{name}`: which metric was `compile` given beside the loss?")


def require_trained(calls: Sequence[Call]) -> None:
    """The models that were handed in learnt from the training images, for the epochs asked for."""
    for call in calls:
        loss = curve(call, "loss")
        require(
            call.unchanged[0] is False,
            _("The model that was handed in has the same weights as before: train this one, not another."),
        )
        require(
            loss[-1] < LEARNT,
            _("After {epochs} epochs the training loss is still {found:.2f}, on images that are easily learnt: which "
              "images and labels does `fit` learn from?"),
            epochs=len(loss),
            found=loss[-1],
        )  # fmt: skip


def require_validated(calls: Sequence[Call]) -> None:
    """`val_loss` was measured on the validation images."""
    for call in calls:
        loss, validation = (curve(call, name, any_length=True) for name in ("loss", "val_loss"))
        require(
            loss[-1] < LEARNT,
            _("Nothing was learnt from the training images, so nothing tells on which images `val_loss` was measured."),
        )
        require(
            validation[-1] - loss[-1] > APART,
            _("`val_loss` is as low as `loss`, although nothing can be learnt about our validation images: on which "
              "images was it measured?"),
        )  # fmt: skip


def require_unpenalised(calls: Sequence[Call]) -> None:
    """`crossentropy` and `val_crossentropy` stand beside the losses, and the penalty is what they differ by."""
    for call in calls:
        penalties = {name: _penalty(call, name) for name in ("", "val_")}
        for name, penalty in penalties.items():
            require(
                penalty.min() > WEIGHS and penalty[-1] < ALIKE * min(other[-1] for other in penalties.values()),
                _("`{name}` is not lower than the loss beside it by the penalty of the model: what does this metric "
                  "measure?"),
                name=f"{name}crossentropy",
            )  # fmt: skip


def _penalty(call: Call, name: str) -> Floats:
    """By how much loss and cross-entropy differ in each epoch, in training ("") or in validation ("val_")."""
    loss, metric = (curve(call, name + kind, any_length=True) for kind in ("loss", "crossentropy"))
    epochs = min(len(loss), len(metric))
    return loss[:epochs] - metric[:epochs]
