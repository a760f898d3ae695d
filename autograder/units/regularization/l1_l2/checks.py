"""Checks of notebook 2_l1_l2: penalties on weights."""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls

import math

import numpy as np

from autograder.checks.api import Task, kind_of, require
from autograder.checks.values import match, one_of
from autograder.families.keras import models
from autograder.families.keras.hidden import HiddenModel
from autograder.i18n import _
from autograder.units.regularization import penalties, sweeps
from autograder.units.regularization.facts import LEAST_STRENGTHS
from autograder.units.regularization.gaps import PENALTY, gap_credit
from autograder.units.regularization.given import given_config, given_dense
from autograder.units.regularization.l1_l2 import carried, fits, formulas
from autograder.units.regularization.l1_l2 import losses as hidden_losses

# --- penalty ----------------------------------------------------------------------------------------------------------

penalty = Task("penalty")


def _kernels(rng):
    """Kernels of several shapes; the first one has a negative sum, whatever the seed."""
    shapes = ((30, 4), 0.01), ((5, 1), 0.3), ((2, 3, 4), 0.05), ((7,), 2.0), ((6, 8), 0)
    kernels = [[rng.normal(size=shape), lam] for shape, lam in shapes]
    kernels[0][0] -= 0.7
    return kernels


def _kernels_twice(rng):
    shapes = ((30, 4), 0.01, 0.2), ((5, 1), 0.3, 0.04), ((2, 3, 4), 0.0, 0.7), ((7,), 0.5, 0.0)
    return [[rng.normal(size=shape), l1, l2] for shape, l1, l2 in shapes]


l1_values = penalty.call("l1_penalty", _kernels)
l2_values = penalty.call("l2_penalty", _kernels)
both_values = penalty.call("l1_l2_penalty", _kernels_twice)


@penalty.check(points=2)
def l1_penalty(l1_values):
    """The L1 penalty of a kernel, as Keras computes it."""
    match(l1_values, formulas.l1, formulas.L1_MISTAKES, "l1_penalty")


@penalty.check(points=2)
def l2_penalty(l2_values):
    """The L2 penalty of a kernel, as Keras computes it."""
    match(l2_values, formulas.l2, formulas.L2_MISTAKES, "l2_penalty")


@penalty.check(points=2)
def l1_l2_penalty(both_values):
    """Both penalties at once, each with its own coefficient."""
    match(both_values, formulas.l1_l2, formulas.BOTH_MISTAKES, "l1_l2_penalty")


# --- l2_layer, own_fit, l1_layer, elastic -----------------------------------------------------------------------------


HIDDEN = (128,)


def _given():
    return given_dense(HIDDEN, flat=False)


l2_layer = Task("l2_layer")
l2_model = l2_layer.model("build_l2_model")


@l2_layer.check(points=0.5)
def l2_architecture(l2_model):
    """Apart from the penalty, which it has, the model is the given one."""
    carried.require_given_and_penalised(l2_model, _given(), "build_l2_model")


@l2_layer.check(points=2)
def l2_kernel(l2_model):
    """The hidden layer's kernel carries the L2 penalty, and it counts in the model's loss."""
    found = carried.of_layers(l2_model, "build_l2_model")
    carried.require_kernel_penalty(found, l1=0.0, l2=0.001)
    penalties.require_active(l2_model, "build_l2_model")


@l2_layer.check(points=0.5)
def l2_nowhere_else(l2_model):
    """Nothing else is penalised."""
    found = carried.of_layers(l2_model, "build_l2_model")
    carried.require_only(found, [penalties.HIDDEN_KERNEL])
    penalties.require_active(l2_model, "build_l2_model")


own_fit = Task("own_fit")
fitted = own_fit.call("compile_and_fit", fits.hidden_fits)


@own_fit.check(points=1)
def fit_trains(fitted):
    """The model is trained on the training images, for as many epochs as asked for."""
    fits.require_trained(fitted)


@own_fit.check(points=1)
def fit_validates(fitted):
    """At each epoch its loss is measured on the validation images."""
    fits.require_validated(fitted)


@own_fit.check(points=1)
def fit_unpenalised(fitted):
    """Beside the loss stands the cross-entropy without the penalty."""
    fits.require_unpenalised(fitted)


l1_layer = Task("l1_layer")
l1_model = l1_layer.model("build_l1_model")

# λ of L1 that pulls on |w| = 0.05 as L2 0.001 does is 2 · 0.001 · 0.05; known mistakes
STRENGTHS_OF_L1 = {
    0.00005: _("With λ = 0.00005 both penalties cost the same for this weight, or the slope of w² lost its 2: it is "
               "the slopes, λ and 2λ|w|, that are to be equal."),
    0.0002: _("With λ = 0.0002 your penalty pulls twice as hard on this weight as that of L2: compare the slopes, λ "
              "and 2λ|w|."),
    0.001: _("With the λ of L2 your penalty pulls ten times as hard on this weight: compare the slopes, λ and 2λ|w|."),
}  # fmt: skip


@l1_layer.check(points=0.5)
def l1_architecture(l1_model):
    """Apart from the penalty, which it has, the model is the given one."""
    carried.require_given_and_penalised(l1_model, _given(), "build_l1_model")


@l1_layer.check(points=3)
def l1_kernel(l1_model):
    """The hidden layer's kernel carries an L1 penalty that pulls as hard as asked, and it counts in the loss."""
    found = carried.of_layers(l1_model, "build_l1_model")
    carried.require_kernel_penalty(found, l1=0.0001, l2=0.0, known=STRENGTHS_OF_L1)
    penalties.require_active(l1_model, "build_l1_model")


@l1_layer.check(points=0.5)
def l1_nowhere_else(l1_model):
    """Nothing else is penalised."""
    found = carried.of_layers(l1_model, "build_l1_model")
    carried.require_only(found, [penalties.HIDDEN_KERNEL])
    penalties.require_active(l1_model, "build_l1_model")


elastic = Task("elastic")
elastic_model = elastic.model("build_elastic_model")


@elastic.check(points=0.5)
def elastic_architecture(elastic_model):
    """Apart from the penalties, which it has, the model is the given one."""
    carried.require_given_and_penalised(elastic_model, _given(), "build_elastic_model")


@elastic.check(points=2)
def elastic_kernel(elastic_model):
    """The hidden layer's kernel carries both penalties, each with its coefficient, in effect."""
    found = carried.of_layers(elastic_model, "build_elastic_model")
    carried.require_kernel_penalty(found, l1=0.0001, l2=0.001)
    penalties.require_active(elastic_model, "build_elastic_model")


@elastic.check(points=1)
def elastic_bias(elastic_model):
    """The hidden layer's bias carries its own L2 penalty, and it counts in the model's loss."""
    # what the kernel carries, a function of the learner's own perhaps, takes nothing from the bias
    known = carried.known_only(elastic_model)
    bias = carried.of_layers(known, "build_elastic_model").weights[penalties.HIDDEN_BIAS]
    carried.require_bias_penalty(bias, 0.001)
    carried.require_bias_active(known, "build_elastic_model")


@elastic.check(points=0.5)
def elastic_nowhere_else(elastic_model):
    """Nothing else is penalised."""
    found = carried.of_layers(elastic_model, "build_elastic_model")
    carried.require_only(found, [penalties.HIDDEN_KERNEL, penalties.HIDDEN_BIAS])
    penalties.require_active(elastic_model, "build_elastic_model")


# --- split_loss -------------------------------------------------------------------------------------------------------

split_loss = Task("split_loss")
parts = split_loss.call("split_loss", hidden_losses.penalised)
parts_without = split_loss.call("split_loss", hidden_losses.unpenalised)
parts_uncompiled = split_loss.call("split_loss", hidden_losses.not_compiled)


@split_loss.check(points=1.5)
def data_loss(parts):
    """The first number is the mean cross-entropy of the model's answers, without any penalty."""
    first = one_of(parts, 0, "split_loss")
    require(
        not hidden_losses.in_training_mode(first),
        _("Your first number is that of training mode, with Dropout on: how does one call a model as at inference?"),
    )
    match(first, hidden_losses.crossentropy, hidden_losses.DATA_MISTAKES, "split_loss")


@split_loss.check(points=1.5)
def penalty_part(parts):
    """The second number is the sum of the model's penalties."""
    second = one_of(parts, 1, "split_loss")
    match(second, hidden_losses.second, hidden_losses.PENALTY_MISTAKES, "split_loss")


@split_loss.check(points=0.5)
def no_penalty(parts_without):
    """For a model without a penalty, the second number is 0."""
    hidden_losses.require_looked_at(one_of(parts_without, 0, "split_loss"))
    match(one_of(parts_without, 1, "split_loss"), lambda model, x, y: 0.0, hidden_losses.PENALTY_MISTAKES, "split_loss")


@split_loss.check(points=0.5)
def not_compiled(parts_uncompiled):
    """Both numbers are right for a model that is not compiled, too."""
    first, second = (one_of(parts_uncompiled, place, "split_loss") for place in (0, 1))
    match(first, hidden_losses.crossentropy, hidden_losses.DATA_MISTAKES, "split_loss")
    match(second, hidden_losses.second, hidden_losses.PENALTY_MISTAKES, "split_loss")


# --- sparsity ---------------------------------------------------------------------------------------------------------


def _small_and_large(rng):
    """Models with exact zeros, weights within eps and others; kernels of different sizes; biases near zero."""
    return [[_of_sizes(rng, units, eps), eps] for units, eps in (((40, 5), 0.01), ((6,), 0.1))]


def _of_sizes(rng, units, eps):
    from keras import Input, layers

    def stack():
        return [Input((15,)), *(layers.Dense(n) for n in units), layers.Dense(10, "softmax")]

    return HiddenModel(stack, lambda shape: rng.choice([-1, 1], shape) * _sizes(rng, shape, eps))


def _sizes(rng, shape, eps):
    if len(shape) == 1:
        return rng.choice([0.0, 0.2 * eps], shape)  # biases: all of them near zero
    # the larger the kernel, the fewer of its weights are near zero: shares per layer differ
    near = 0.5 / np.log10(math.prod(shape))
    kinds = rng.choice(3, shape, p=[0.4 * near, 0.6 * near, 1 - near])
    return np.choose(kinds, [0.0, rng.uniform(0.1, 0.9, shape) * eps, rng.uniform(2, 50, shape) * eps])


sparsity = Task("sparsity")
fractions = sparsity.call("near_zero_fraction", _small_and_large)
sparser_choice = sparsity.value("sparser")


@sparsity.check(points=3)
def near_zero(fractions):
    """The share of near-zero weights over all kernels of a model."""
    match(fractions, formulas.near_zero_share, formulas.SHARE_MISTAKES, "near_zero_fraction")


@sparsity.check(points=1)
def sparser(sparser_choice):
    """Which of the two penalties leaves more weights near zero."""
    require(
        isinstance(sparser_choice, str),
        _("`sparser` should be the text that the task asks for, but it is: {kind}."),
        kind=kind_of(sparser_choice),
    )
    require(
        sparser_choice.strip().lower() == "l1",
        _("Measure again: which of the two models has the larger share below `eps`? Think of how strongly each "
          "penalty still pulls on a weight that is already small."),
    )  # fmt: skip


# --- choose_lambda ----------------------------------------------------------------------------------------------------

choose_lambda = Task("choose_lambda")
regularized = choose_lambda.model("build_regularized_model")
lambda_losses = choose_lambda.value("val_losses")
lambda_chosen = choose_lambda.value("best_lambda")


@choose_lambda.check(points=0.5)
def lambda_penalised(regularized):
    """The model is the given one with a penalty on a kernel, which is strong enough to show."""
    model = models.require_given(regularized, _given(), "build_regularized_model")
    models.require_nothing_frozen(model, "build_regularized_model")
    penalties.require_noticeable(penalties.penalties(regularized, "build_regularized_model"))
    penalties.require_active(regularized, "build_regularized_model")


@choose_lambda.check(points=3, after=lambda_penalised)
def lambda_gap(regularized, trainer):
    """Trained by us, the model has a smaller validation gap, and predicts new images no worse than the given one."""
    given = given_config(HIDDEN, flat=False)
    return gap_credit(trainer.compare(given, models.config_of(regularized), decided=PENALTY.decided), PENALTY)


@choose_lambda.check(points=2)
def lambda_losses_found_again(lambda_losses, lambda_chosen, regularized, trainer):
    """Trained again by us with the model's penalty, the values of λ give about the same validation losses."""
    found = sweeps.sweep(lambda_losses, "val_losses", LEAST_STRENGTHS)
    require(min(found) >= 0, _("The keys of `val_losses` should be values of λ, which are not negative."))
    carried = penalties.penalties(regularized, "build_regularized_model")
    penalties.require_noticeable(carried)  # a sweep is what the model with its penalty gave
    strengths = sweeps.require_swept(penalties.strengths(carried), found, lambda_chosen)

    def trained_with(strength):
        return lambda lam, count: _trained_with(carried, lam / strength, trainer, count)

    sweeps.require_lambdas_found_again(found, [trained_with(strength) for strength in strengths])


@choose_lambda.check(points=1.5, after=lambda_losses_found_again)
def lambda_minimum(lambda_losses, lambda_chosen, regularized):
    """`best_lambda` is where the sweep's validation loss is lowest, inside the sweep, and the model's λ."""
    found = sweeps.sweep(lambda_losses, "val_losses", LEAST_STRENGTHS)
    best = sweeps.chosen(lambda_chosen, found, "best_lambda")
    weaker = _(
        "`{name}` is a weaker penalty than the one with the lowest loss in your sweep. The training loss, and any "
        "loss with the penalty inside, always speak for a weak penalty: by which loss did you choose?"
    )
    sweeps.require_minimum(best, found, "best_lambda", weaker)
    sweeps.require_inside(best, found, "best_lambda")
    strengths = penalties.strengths(penalties.penalties(regularized, "build_regularized_model"))
    require(
        any(sweeps.same_strength(strength, best) for strength in strengths),
        _("Your model carries λ = {found:.3g}, but `best_lambda` is {best:.3g}: hand in the model that you chose."),
        found=strengths[0],
        best=best,
    )


def _trained_with(carried, factor, trainer, count):
    """The first trainings of the given model with the penalties that the learner's carries, all times `factor`."""
    import keras

    model = _given()
    kernels, biases = carried.weights[::2], carried.weights[1::2]
    for layer, kernel, bias in zip(model.layers[1:], kernels, biases, strict=False):
        layer.kernel_regularizer, layer.bias_regularizer = (
            keras.regularizers.L1L2(factor * part.l1, factor * part.l2) if part.any and factor else None
            for part in (kernel, bias)
        )
    penalised, given = models.config_of_given(model), given_config(HIDDEN, flat=False)
    return trainer.runs(penalised, start=given, held_out="validation", pairs=count)
