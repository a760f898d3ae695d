"""Checks of notebook 3_dropout: Dropout."""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls

import numpy as np

from autograder.checks.api import Rng, Task, require
from autograder.checks.values import one_of
from autograder.families.keras import models
from autograder.i18n import _
from autograder.units.regularization import penalties, sites, sweeps
from autograder.units.regularization.dropout import masks, passes
from autograder.units.regularization.gaps import DROPOUT, gap_credit
from autograder.units.regularization.given import given_config, given_dense

# --- inverted ---------------------------------------------------------------------------------------------------------

inverted = Task("inverted")
RATES = (0.3, 0.8)


def _training(rng):
    return [[masks.random_input(rng, (200, 200)), rate, True, Rng(int(rng.integers(1 << 31)))] for rate in RATES]


def _inference(rng):
    return [[masks.random_input(rng, (40, 30)), 0.3, False, Rng(int(rng.integers(1 << 31)))]]


def _again(shared):
    """Two calls with one generator that goes on, or with two that begin alike."""

    def cases(rng):
        x, seed = masks.random_input(rng, (20, 30)), int(rng.integers(1 << 31))
        return [[x, 0.5, True, Rng(seed, shared=shared)] for _call in range(2)]

    return cases


def _rate_zero(rng):
    return [[masks.random_input(rng, (20, 30)), 0.0, True, Rng(int(rng.integers(1 << 31)))]]


trained = inverted.call("dropout", _training)
inferred = inverted.call("dropout", _inference)
repeated = inverted.call("dropout", _again(True))
alike = inverted.call("dropout", _again(False))
undropped = inverted.call("dropout", _rate_zero)


@inverted.check(points=0.5)
def new_mask(repeated):
    """Each call draws a new mask."""
    masks.require_acting(repeated, "dropout")
    first, second = masks.outputs(repeated, "dropout")
    masks.require_some_dropped(first == 0, second == 0)
    require(
        not masks.same_mask(first, second),
        _("Two calls in a row drop the same units: the mask is drawn once and for all, which is not Dropout. Which "
          "generator does your function draw from?"),
    )  # fmt: skip


@inverted.check(points=0.5, after=new_mask)
def from_rng(alike):
    """All randomness comes from `rng`."""
    first, second = masks.outputs(alike, "dropout")
    require(
        masks.same_mask(first, second),
        _("With two generators that begin alike, your function drops different units: it draws from another generator "
          "than `rng`."),
    )  # fmt: skip


@inverted.check(points=0.5, after=new_mask)
def own_units(trained):
    """Each unit of each example is dropped on its own."""
    for out in masks.outputs(trained, "dropout"):
        masks.require_own_units(out == 0)


# the same mask for ever is not Dropout, whatever its rate and factor: both come after `new_mask`
@inverted.check(points=0.5, after=new_mask)
def share_of_zeros(trained):
    """The rate is the share of units that are dropped."""
    for call, out in zip(trained, masks.outputs(trained, "dropout"), strict=True):
        masks.require_share(out == 0, call.arguments[1])


@inverted.check(points=2, after=new_mask)
def survivors(trained):
    """The units that survive are scaled so that the mean is kept."""
    for call, out in zip(trained, masks.outputs(trained, "dropout"), strict=True):
        masks.require_factor(masks.factor(out, call.arguments[0]), call.arguments[1])


@inverted.check(points=1)
def inference(trained, inferred):
    """At inference, Dropout does nothing."""
    masks.require_acting(trained, "dropout")
    (out,) = masks.outputs(inferred, "dropout")
    masks.require_identity(out, *inferred[0].arguments[:2])


@inverted.check(points=0.5)
def rate_zero(trained, undropped):
    """With rate 0 nothing is dropped and nothing is scaled."""
    masks.require_acting(trained, "dropout")
    (out,) = masks.outputs(undropped, "dropout")
    require(np.allclose(out, undropped[0].arguments[0]), _("With rate 0 your function should change nothing."))


@inverted.check(points=0.5)
def untouched(trained, inferred):
    """The array that was handed in is left as it was, and a new one is returned."""
    masks.require_acting(trained, "dropout")
    calls = (*trained, *inferred)
    masks.outputs(calls, "dropout")
    require(
        all(call.unchanged[0] for call in calls),
        _("Your function writes into `x` itself, so the caller's array has changed: return a new array."),
    )
    require(
        all(call.separate for call in calls),
        _("Your function returns `x` itself, not a new array: who changes the result changes `x` with it. `x.copy()` "
          "is a new one."),
    )  # fmt: skip


# --- dropout_layers ---------------------------------------------------------------------------------------------------


HIDDEN = (64, 64)


def _given():
    return given_dense(HIDDEN, flat=True)


dropout_layers = Task("dropout_layers")
not_a_share = {"`rate`": _("A rate is a share of units, between 0 and 1: Keras takes no other number.")}
dropout_model = dropout_layers.model("build_dropout_model", problems=not_a_share)


@dropout_layers.check(points=1)
def same_inference(dropout_model):
    """The Dense layers are the given ones, and at inference they answer as without Dropout."""
    model = models.shared(dropout_model, "build_dropout_model")
    sites.require_random(model)
    models.require_layers(model, _given(), "build_dropout_model")
    models.require_same_answers(model, _given(), "build_dropout_model")
    models.require_unconstrained(model, "build_dropout_model")
    penalties.require_none(penalties.penalties(dropout_model, "build_dropout_model"))


@dropout_layers.check(points=2)
def places(dropout_model):
    """In training, Dropout acts behind both hidden layers and nowhere else."""
    sites.require_hidden_only(sites.of_dropout(dropout_model, _given(), "build_dropout_model"))


@dropout_layers.check(points=1)
def rates(dropout_model):
    """Both have the rate asked for."""
    sites.require_rates(sites.of_dropout(dropout_model, _given(), "build_dropout_model"), [0.5, 0.5])


# --- repair -----------------------------------------------------------------------------------------------------------


def _broken(rng):
    """Models of one and of three hidden layers with Dropout on input and output and rates that mean to keep."""
    return [[sites.broken_model(rng, units, keep)] for units, keep in sites.BROKEN]


repair = Task("repair")
repaired = repair.call("repair", _broken, problems=not_a_share)


@repair.check(points=1.5)
def kept_weights(repaired):
    """The Dense layers keep their weights and activations."""
    for call, (_units, keep) in zip(repaired, sites.BROKEN, strict=True):
        model = models.shared(call.result, "repair")
        sites.require_weights_of(model, call.arguments[0])
        sites.require_mended(call.result, call.arguments[0], keep, "repair")
        models.require_same_answers(model, call.arguments[0], "repair")


@repair.check(points=0.5)
def original_kept(repaired):
    """A new model is returned, and the one that was handed in is left as it was."""
    for call, (_units, keep) in zip(repaired, sites.BROKEN, strict=True):
        sites.require_mended(call.result, call.arguments[0], keep, "repair")
    require(
        all(call.separate for call in repaired),
        _("Your function returns the model that was handed in: a new one was asked."),
    )
    require(
        all(call.unchanged[0] for call in repaired),
        _("The model that was handed in is not the same afterwards: its weights, its layers or their rates. Build a "
          "new one and leave it alone."),
    )  # fmt: skip


@repair.check(points=2)
def repaired_places(repaired):
    """Dropout acts behind the hidden layers only."""
    for call in repaired:
        sites.require_hidden_only(sites.of_dropout(call.result, call.arguments[0], "repair"))


@repair.check(points=2)
def repaired_rates(repaired):
    """The rates are what the author of the broken model meant."""
    for call, (_units, keep) in zip(repaired, sites.BROKEN, strict=True):
        sites.require_rates(sites.of_dropout(call.result, call.arguments[0], "repair"), [1 - k for k in keep])


# --- uncertainty ------------------------------------------------------------------------------------------------------

uncertainty = Task("uncertainty")
with_dropout = uncertainty.call("predict_with_dropout", passes.with_dropout)
without_dropout = uncertainty.call("predict_with_dropout", passes.without_dropout)


@uncertainty.check(points=1)
def two_arrays(with_dropout):
    """Mean and standard deviation have a row for each image and a column for each class."""
    for index in range(2):
        passes.arrays(one_of(with_dropout, index, "predict_with_dropout"), "predict_with_dropout")


@uncertainty.check(points=1, after=two_arrays)
def deviation(with_dropout):
    """With Dropout, the passes differ, and the deviation measures by how much."""
    passes.require_deviation(with_dropout)


@uncertainty.check(points=1, after=two_arrays)
def mean_answer(with_dropout):
    """The mean is taken over passes with Dropout."""
    passes.require_mean(with_dropout)


@uncertainty.check(points=1, after=two_arrays)
def no_deviation(with_dropout, without_dropout):
    """Without Dropout, all passes are the same: the deviation is 0."""
    passes.require_some_deviation(with_dropout)
    passes.require_nothing_random(without_dropout)


# --- choose_rate ------------------------------------------------------------------------------------------------------

choose_rate = Task("choose_rate")
rate_losses = choose_rate.value("val_losses")
rate_chosen = choose_rate.value("best_rate")


@choose_rate.check(points=3)
def rate_losses_found_again(rate_losses, trainer):
    """Trained again by us, the rates give about the same validation losses."""
    found = sweeps.sweep(rate_losses, "val_losses")
    require(
        all(0 <= rate < 1 for rate in found),
        _("A rate is a share of units: the keys of `val_losses` should lie in [0, 1)."),
    )

    def with_rate(rate, count):
        given, dropout = (given_config(HIDDEN, flat=True, dropout=r) for r in (0.0, rate))
        return trainer.runs(dropout, start=given, flat=True, held_out="validation", pairs=count)

    sweeps.require_rates_found_again(found, with_rate)


@choose_rate.check(points=2, after=rate_losses_found_again)
def rate_minimum(rate_losses, rate_chosen):
    """`best_rate` is where the sweep's validation loss is lowest."""
    found = sweeps.sweep(rate_losses, "val_losses")
    weaker = _(
        "`{name}` is a lower rate than the one with the lowest loss in your sweep. The training loss speaks for "
        "little Dropout: by which loss did you choose?"
    )
    sweeps.require_minimum(sweeps.chosen(rate_chosen, found, "best_rate"), found, "best_rate", weaker)


# --- dropout_gap ------------------------------------------------------------------------------------------------------

dropout_gap = Task("dropout_gap")
less_overfit = dropout_gap.model("build_less_overfit_model", problems=not_a_share)


@dropout_gap.check(points=1)
def dropout_only(less_overfit):
    """The given model with nothing but Dropout added, strong enough to show, and not on the output."""
    model = models.shared(less_overfit, "build_less_overfit_model")
    models.require_layers(model, _given(), "build_less_overfit_model")
    models.require_same_answers(model, _given(), "build_less_overfit_model")
    models.require_unconstrained(model, "build_less_overfit_model")
    models.require_nothing_frozen(model, "build_less_overfit_model")
    penalties.require_none(penalties.penalties(less_overfit, "build_less_overfit_model"))
    sites.require_nothing_else_random(less_overfit, "build_less_overfit_model")
    places = sites.sites(less_overfit, "build_less_overfit_model")
    sites.require_some(places)
    sites.require_noticeable(places)


@dropout_gap.check(points=4, after=dropout_only)
def smaller_gap(less_overfit, trainer):
    """Trained by us, the model has a smaller validation gap, and predicts new images no worse than the given one."""
    given = given_config(HIDDEN, flat=True)
    return gap_credit(
        trainer.compare(given, models.config_of(less_overfit), flat=True, decided=DROPOUT.decided), DROPOUT
    )
