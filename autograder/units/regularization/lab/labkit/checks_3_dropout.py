"""Visible checks of the notebook 3_dropout: the form, and values of public examples; others are graded."""

from typing import Any

import numpy as np

from .checking import (
    build,
    call,
    passed,
    require,
    require_key,
    require_losses,
    require_model,
    require_pair,
)
from .messages import _, number, say
from .tried import require_example, tried

FLAT = (784,)


def check_inverted(dropout: Any) -> None:
    """An array of the same shape comes back, in training and at inference, and the input stays as it is."""
    rng = np.random.default_rng(3)
    for shape in ((7,), (50, 20)):
        x = rng.normal(size=shape)
        before = x.copy()
        for training in (True, False):
            result = call(dropout, x, 0.4, training, np.random.default_rng(4))
            require(
                isinstance(result, np.ndarray) and result.shape == x.shape,
                _("dropout must return an array of the same shape as x, {expected}; it returns {found}."),
                expected=x.shape,
                found=getattr(result, "shape", type(result).__name__),
            )
            require(np.array_equal(x, before), _("dropout changes x itself: compute with a new array."))
            require(
                not np.may_share_memory(result, x), _("dropout returns x itself: return a new array, such as x.copy().")
            )
    _require_masks(dropout)
    _require_values(dropout)
    tried(_("Share of zeros, factor, masks, inference; x stays as it is."))


def _drop(dropout: Any, x: Any, rate: float, rng: Any, *, training: bool = True) -> Any:
    return np.asarray(call(dropout, x, rate, training, rng), "float64")


def _require_masks(dropout: Any) -> None:
    """A new mask at each call, for each row and each column, all of it from `rng`."""
    ones, rng = np.ones((40, 25)), np.random.default_rng(8)
    first, second = (_drop(dropout, ones, 0.2, rng) == 0 for _call in range(2))
    share = float(first.mean())
    require(
        abs(share - 0.8) > 0.1,
        _("At rate 0.2, about 20 % of the values should be 0; in yours it is {found:.0f} %: is the rate the "
          "probability of dropping a unit, or of keeping it?"),
        found=100 * share,
    )  # fmt: skip
    require(
        0 < share < 1,
        _("At rate 0.2, about 20 % of the values should be 0; in yours it is {found:.0f} %."),
        found=100 * share,
    )
    require(
        not (first == first[:1]).all() and not (first == first[:, :1]).all(),
        _("Whole rows or columns of x lose their values together: each value has a draw of its own."),
    )
    require(
        abs(share - 0.2) < 0.1,
        _("At rate 0.2, about 20 % of the values should be 0; in yours it is {found:.0f} %."),
        found=100 * share,
    )
    require(
        not np.array_equal(first, second),
        _("Two calls in a row drop the same values: the mask is to be drawn anew at each call."),
    )
    alike = [_drop(dropout, ones, 0.2, np.random.default_rng(9)) == 0 for _call in range(2)]
    require(
        np.array_equal(*alike),
        _("Two generators that begin alike give different masks: all randomness must come from rng."),
    )


def _require_values(dropout: Any) -> None:
    """What becomes of an activation of 4 in training, at inference, and without Dropout."""
    fours = np.full((30, 30), 4.0)
    kept = _drop(dropout, fours, 0.2, np.random.default_rng(10))
    example = say(_("An activation of {value} that survives at rate {rate}"), value=4, rate=number(0.2))
    mistakes = {
        _("It keeps its value: what makes up for the ones that are missing?"): 4.0,
        _("It is divided by the rate: which probability should make up for the missing ones?"): 20.0,
        _("It is multiplied by the probability of keeping: the mean shrinks twice."): 3.2,
    }
    require_example(np.unique(kept[kept != 0].round(6)), [5.0], example, {s: [v] for s, v in mistakes.items()})
    example = say(_("An activation of {value} at inference"), value=4)
    out = _drop(dropout, fours, 0.2, np.random.default_rng(10), training=False)
    scaled = _("Your function scales at inference: inverted Dropout has done that in training already.")
    require_example(np.unique(out.round(6)), [4.0], example, {scaled: [3.2]})
    example = say(_("An activation of {value} in training at rate {rate}"), value=4, rate=0)
    require_example(np.unique(_drop(dropout, fours, 0.0, np.random.default_rng(10)).round(6)), [4.0], example, {})


def check_dropout_layers(build_dropout_model: Any) -> None:
    """The model exists, takes 784 numbers, gives probabilities and has Dropout somewhere."""
    model = build(build_dropout_model, FLAT)
    require_dropout(model, "build_dropout_model")
    passed(_("A model from 784 numbers to 10 probabilities, with Dropout in it."))


def require_dropout(model: Any, name: str) -> None:
    """The model has a Dropout layer."""
    import keras

    layers = model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers
    require(
        any(isinstance(layer, keras.layers.Dropout) for layer in layers),
        _("The model of {name} has no Dropout layer: keras.layers.Dropout(rate) is a layer of its own."),
        name=name,
    )


def check_repair(repair: Any) -> None:
    """A new model comes back, with the broken model's Dense layers' shapes."""
    broken = _broken_model()
    before = broken.get_weights()
    model = call(repair, broken)
    require(model is not broken, _("repair must return a new model, and leave the one it is given as it is."))
    require_model(model, "repair", FLAT)
    wanted, found = (sorted(tuple(w.shape) for w in m.weights if len(w.shape) == 2) for m in (broken, model))
    require(
        wanted == found,
        _("The repaired model must have Dense layers with kernels of shapes {expected}; it has {found}."),
        expected=wanted,
        found=found,
    )
    _require_kept(broken, model, before)
    passed(_("A new model with the same Dense layers and their weights."))


def _require_kept(broken: Any, model: Any, before: Any) -> None:
    """The new model has the broken one's weights, and the broken one is as it was."""
    require(
        [layer.rate for layer in broken.layers if hasattr(layer, "rate")] == [0.8] * 3
        and all(np.array_equal(*pair) for pair in zip(broken.get_weights(), before, strict=True)),
        _("The model that repair is given is not the same afterwards: build a new one and leave it alone."),
    )
    weights = model.get_weights()
    require(
        [w.shape for w in weights] == [w.shape for w in before] and all(map(np.allclose, weights, before)),
        _("The repaired model has other weights than the one it was made of: how do weights get from one model to "
          "another?"),
    )  # fmt: skip


def _broken_model() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(FLAT),
            layers.Dropout(0.8),
            layers.Dense(16, "relu"),
            layers.Dropout(0.8),
            layers.Dense(10, "softmax"),
            layers.Dropout(0.8),
        ]
    )


def check_uncertainty(predict_with_dropout: Any) -> None:
    """Two arrays with one row for each image and one column for each class."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    x = np.random.default_rng(5).random((4, 6), "float32")
    parts = require_pair(call(predict_with_dropout, model, x, 3), "predict_with_dropout")
    for part in parts:
        shape = np.shape(part)
        require(
            shape == (4, 10),
            _("Mean and deviation of 4 images and 10 classes must have shape (4, 10), not {found}: "
              "over which axis do you average?"),
            found=shape,
        )  # fmt: skip
        require(np.all(np.isfinite(part)), _("predict_with_dropout gives values that are no finite numbers."))
    _require_passes(predict_with_dropout)
    tried(_("Two arrays, one row for each image and one column for each class; mean and deviation of passes."))


def _require_passes(predict_with_dropout: Any) -> None:
    """A model with one hidden unit, which is on in one half of the passes: mean and deviation are known."""
    import keras

    hidden = keras.layers.Dense(1, "relu", kernel_initializer="ones")
    layers = [keras.Input((1,)), hidden, keras.layers.Dropout(0.5), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential(layers)
    model.set_weights([np.ones((1, 1)), np.zeros(1), np.array([[2.0, 0.0]]), np.zeros(2)])
    on, inferred = 1 / (1 + np.exp(-4.0)), 1 / (1 + np.exp(-2.0))
    mean, deviation = call(predict_with_dropout, model, np.ones((20, 1), "float32"), 100)
    found = [float(np.mean(np.asarray(part)[:, 0])) for part in (mean, deviation)]
    right, spread = [(on + 0.5) / 2, (on - 0.5) / 2], (on - 0.5) / 2
    example = say(_("Mean and deviation of the probability of a class that is {high} or {low}, each half of the time"),
                  high=number(on), low=number(0.5))  # fmt: skip
    mistakes = {
        _("All passes were made at inference, where Dropout is off: how does one call a model as in training?"): (
            [inferred, 0.0]
        ),
        _("It looks like one pass, counted several times: each of them has to be computed anew."): [found[0], 0.0],
        _("The mean is what the model answers at inference."): [inferred, found[1]],
        _("The deviation is a variance: its square root is missing."): [found[0], spread**2],
        _("The deviation is that of the mean, not of the passes."): [found[0], spread / 10],
    }
    # the mean of 20 images and 100 passes scatters by 0.005, and no mean of one pass comes near the answer at inference
    require_example(found, right, example, mistakes, tolerance=0.04, near=0.003)


def check_choose_rate(val_losses: Any, best_rate: Any) -> None:
    """A sweep of at least three rates; the chosen rate is one of them."""
    losses = require_losses(val_losses, "val_losses", 3)
    require(
        all(rate < 1 for rate in losses),
        _("A rate is a share of units that are dropped: it lies in [0, 1). val_losses has {rates}."),
        rates=sorted(losses),
    )
    require_key(best_rate, "best_rate", losses, "val_losses")
    passed(_("A sweep over {count} rates, and a choice among them."), count=len(losses))


def check_dropout_gap(build_less_overfit_model: Any) -> None:
    """The model exists, takes 784 numbers, gives probabilities and has Dropout somewhere."""
    model = build(build_less_overfit_model, FLAT)
    require_dropout(model, "build_less_overfit_model")
    passed(_("A model from 784 numbers to 10 probabilities, with Dropout in it."))
