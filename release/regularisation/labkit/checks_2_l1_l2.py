"""Visible checks of the notebook 2_l1_l2: the form, and values on public examples; the grading tries other ones."""

from typing import Any

import numpy as np

from .carried import HIDDEN_BIAS, HIDDEN_KERNEL, Strengths, carried, require_carried
from .checking import build, call, passed, require, require_key, require_losses, require_number, require_pair
from .facts import LEAST_STRENGTHS
from .messages import _, number, say, separated
from .tried import INFERENCE, PENALTY, SCATTER, TRAINING, example_model, examples, require_same, tried

IMAGE = (28, 28)
EXAMPLE = ((-1.0, 2.0, -0.5), (0.0, -3.0, 1.5), (-2.0, 0.5, 1.0))
HALF = _("Your penalty is half of the expected one: look at the factor before the sum.")
MEAN = _("Your penalty does not grow with the number of weights: is it a mean or a sum?")
ROOT = _("Your penalty is the square root of a sum of squares, the length of the vector: look at the formula again.")
ROWS = _("Your penalty is divided by the number of rows of `w`, as in texts that divide by the number of examples.")
TWICE_ROWS = _("Your penalty is divided by twice the number of rows of `w`: other texts write λ/2m. And Keras?")
NO_STRENGTH = _("Your penalty does not depend on λ.")
L1_MISTAKES = {
    _("You take the absolute value after the sum: weights of opposite signs have cancelled out by then."): 0.15,
    _("Your L1 penalty squares the weights: that is L2."): 2.175,
    HALF: 0.575, MEAN: 1.15 / 9, ROWS: 1.15 / 3, TWICE_ROWS: 1.15 / 6, ROOT: 0.466369, NO_STRENGTH: 11.5,
}  # fmt: skip
L2_MISTAKES = {
    _("Your L2 penalty sums the absolute values: that is L1."): 1.15,
    _("You take the square after the sum: weights of opposite signs have cancelled out by then."): 0.225,
    _("In your penalty λ is squared with the weights: what does the formula square?"): 0.2175,
    HALF: 1.0875, MEAN: 2.175 / 9, ROWS: 2.175 / 3, TWICE_ROWS: 2.175 / 6, ROOT: 0.466369, NO_STRENGTH: 21.75,
}  # fmt: skip
BOTH_MISTAKES = {
    _("The two coefficients have changed places: `l1` belongs to the absolute values."): 4.475,
    _("Your penalty has the L1 part only."): 1.15,
    _("Your penalty has the L2 part only."): 4.35,
    HALF: 2.75,
    _("The L2 part of your penalty is half of the expected one: look at the factor before its sum."): 3.325,
}
SHARE_MISTAKES = {
    _("Your share counts the biases too: the task looks at kernels only."): 18 / 49,
    _("Your share counts only weights that are exactly zero: with gradient descent there are few of them. "
      "What is `eps` for?"): 1 / 36,
    _("Your share counts large negative weights as near zero: compare sizes, not signed values."): 16 / 36,
    _("Your share is that of the weights that are *not* near zero."): 31 / 36,
    _("Your function returns a percentage: a share lies between 0 and 1."): 500 / 36,
    _("Your function returns a count: divide it by the number of weights."): 5,
    _("Your function averages the shares of the layers: a small kernel then counts as much as a large one."): 13 / 60,
    _("Your share looks at the first kernel only."): 2 / 6,
}  # fmt: skip
VALUES = (((0.1,), 1.15, L1_MISTAKES), ((0.1,), 2.175, L2_MISTAKES), ((0.1, 0.2), 5.5, BOTH_MISTAKES))


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
    for function, (lambdas, right, mistakes) in zip((l1_penalty, l2_penalty, l1_l2_penalty), VALUES, strict=True):
        found = require_number(call(function, np.array(EXAMPLE), *lambdas), function.__name__)
        what = f"{function.__name__}({[list(row) for row in EXAMPLE]}, {', '.join(map(str, lambdas))})"
        require_same(found, right, what, mistakes)
    tried(_("Three penalties, for kernels of several shapes."))


def check_l2_layer(build_l2_model: Any) -> None:
    """The model takes images, gives probabilities and carries the penalty that is asked for, and no other."""
    _check_carried(build_l2_model, {HIDDEN_KERNEL: Strengths(l2=0.001)})


def check_own_fit(compile_and_fit: Any) -> None:
    """A History as asked for, cross-entropies beside losses; the model given is trained, on the right images."""
    import keras

    penalty = keras.regularizers.L2(0.4)
    output = keras.layers.Dense(10, "softmax", kernel_regularizer=penalty, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((10,)), output])
    before = model.get_weights()[0]
    # the class is where the peak is; among the validation labels, never
    y = np.arange(640, dtype="int32") % 10
    x = 16 * np.eye(10, dtype="float32")[y]
    pairs = x, y, x.copy(), (y + 3) % 10
    returned = call(compile_and_fit, model, *pairs, 3)
    curves = getattr(returned, "history", returned)
    require(
        isinstance(curves, dict),
        _("compile_and_fit must return what `model.fit` returns; it returns {kind}."),
        kind=type(returned).__name__,
    )
    wanted = ("loss", "val_loss", "crossentropy", "val_crossentropy")
    missing = [name for name in wanted if name not in curves]
    found = ", ".join(map(str, curves))
    sentence = _("The history has no {missing}; it has {found}.")
    if "sparse_categorical_crossentropy" in found:  # Keras's own name
        sentence = _(
            "The history has no {missing}; it has {found}. A metric's argument `name` is its name in the history."
        )
    require(not missing, sentence, missing=", ".join(missing), found=found)
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
    require(
        not np.array_equal(before, model.get_weights()[0]),
        _("The model that compile_and_fit was given has the same weights as before: is another one trained?"),
    )
    require(
        curves["val_loss"][-1] > curves["loss"][-1],
        _("val_loss is lower than loss, although our validation labels cannot be learnt: which images are which?"),
    )
    passed(_("A history with loss and cross-entropy, in training and in validation, for the epochs asked for."))


def check_l1_layer(build_l1_model: Any) -> None:
    """An L1 penalty on the hidden layer's weights and nowhere else; its strength is shown, not judged."""
    model = build(build_l1_model, IMAGE)
    name = build_l1_model.__name__
    require_penalty(model, name)
    hidden = carried(model, name)[HIDDEN_KERNEL]
    require(any(hidden), _("The hidden layer's weights carry no penalty: where does the one of your model act?"))
    require(
        hidden.l1 and not hidden.l2,
        _("The penalty on the hidden layer's weights grows with their squares, as L2 does: L1 is asked for."),
    )
    require_carried(model, name, {HIDDEN_KERNEL: hidden})
    passed(
        _("The hidden layer's weights carry L1 with λ = {found}. Is this the λ that you worked out?"),
        found=number(hidden.l1),
    )


def check_elastic(build_elastic_model: Any) -> None:
    """As `check_l2_layer`."""
    wanted = {HIDDEN_KERNEL: Strengths(l1=0.0001, l2=0.001), HIDDEN_BIAS: Strengths(l2=0.001)}
    _check_carried(build_elastic_model, wanted)


def _check_carried(function: Any, wanted: dict[int, Strengths]) -> None:
    model = build(function, IMAGE)
    require_penalty(model, function.__name__)
    require_carried(model, function.__name__, wanted)
    passed(_("The penalties that are asked for, on the weights that are named, and no others."))


def require_penalty(model: Any, name: str) -> None:
    """Some layer adds something to the model's loss."""
    require(
        len(model.losses) > 0 and float(sum(float(loss) for loss in model.losses)) > 0,
        _("No layer of the model of {name} adds a penalty: `model.losses` is empty or 0. "
          "A regularizer is an argument of the layer, given when the layer is made."),
        name=name,
    )  # fmt: skip


def check_split_loss(split_loss: Any) -> None:
    """The two parts for a model with Dropout and three penalties, and for one without, neither of them compiled."""
    for penalised in (True, False):
        model = example_model(dropout=True, penalised=penalised)
        parts = require_pair(call(split_loss, model, *examples(model)), "split_loss")
        found = [require_number(part, "split_loss") for part in parts]
        require(min(found) >= 0, _("{name} gives a negative number: neither part of the loss is."), name="split_loss")
        _require_parts(found[0], found[1], PENALTY if penalised else 0.0)
    tried(_("The two parts of the loss, for a model with three penalties and for one without."))


def _require_parts(data: float, penalty: float, right: float) -> None:
    """Both numbers of `split_loss` are those of the example, `right` its penalty."""
    of_training = _("Your first number is that of training mode, with Dropout on: how does one call a model as at "
                    "inference?")  # fmt: skip
    require_same(data, INFERENCE, say(_("The first number of split_loss")), {
        _("Your first number still contains the penalty: it is the whole loss, as `evaluate` reports it."):
            INFERENCE + right,
        _("Your first number is the penalty: look at the order in which the task wants the two."): right,
        _("Your first number is a sum over the examples: Keras's loss is a mean."): 400 * INFERENCE,
        of_training: data if abs(data - TRAINING) < 8 * SCATTER else TRAINING,
    })  # fmt: skip
    require_same(penalty, right, say(_("The second number of split_loss")), {
        _("Your second number counts the penalty twice."): 2 * right,
        _("Your second number is the whole loss: only what the regularizers add belongs to it."): INFERENCE + right,
        _("Your second number holds one of the model's penalties only: a model can have several."): 0.76773,
        _("Your second number leaves out the penalty of a bias: every layer's penalties belong to it."): 1.27210,
    })  # fmt: skip


def check_sparsity(near_zero_fraction: Any, sparser: Any) -> None:
    """The share of a model whose weights are known, and a choice of "l1" or "l2"."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(10, "softmax")])
    # of 6 and of 30 weights, 2 and 3 are below 0.1 in size; all biases are
    small, large = [0.0, 0.05, -0.4, 0.3, -0.6, 0.5], [0.04, -0.02, 0.08, *[-0.3, 0.7, 0.2] * 9]
    sizes = ((2, 3), small), ((3,), [0.01] * 3), ((3, 10), large), ((10,), [0.01] * 10)
    model.set_weights([np.reshape(values, shape).astype("float32") for shape, values in sizes])
    share = require_number(call(near_zero_fraction, model, 0.1), "near_zero_fraction")
    require_same(share, 5 / 36, say(_("For the example, near_zero_fraction")), SHARE_MISTAKES)
    require(sparser is not None, _("{name} is not written yet."), name="sparser")
    require(sparser in ("l1", "l2"), _('sparser must be "l1" or "l2"; it is {value!r}.'), value=sparser)
    tried(_("The share of small weights, and a choice."))


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
        best=number(float(best_lambda)),
        lowest=number(float(min(losses))),
        highest=number(float(max(losses))),
    )  # fmt: skip
    carried = strengths(model)
    require(
        any(np.isclose(strength, float(best_lambda), rtol=0.01) for strength in carried),
        _("The model of build_regularized_model carries λ = {found}, but best_lambda is {best}: hand in the model that "
          "you chose."),
        found=separated(map(number, carried)),
        best=number(float(best_lambda)),
    )  # fmt: skip
    passed(_("A penalised model, a sweep over {count} values of λ, and a choice among them."), count=len(losses))


def strengths(model: Any) -> list[float]:
    """Each λ of L1 and L2 on a kernel of the model."""
    regularizers = [getattr(layer, "kernel_regularizer", None) for layer in model._flatten_layers(include_self=False)]
    found = [float(getattr(r, name, 0) or 0) for r in regularizers for name in ("l1", "l2")]
    return sorted({strength for strength in found if strength})
