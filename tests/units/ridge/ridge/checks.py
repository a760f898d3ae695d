"""Checks of notebook 1_ridge: ridge and lasso by hand, and cross-validation."""

# mypy: allow-untyped-defs, allow-untyped-decorators

import numpy as np

from autograder.checks.api import Task, credit, fail, kind_of, require
from autograder.checks.values import match, number, one_of
from autograder.i18n import _
from tests.units.ridge.arrays import match_arrays
from tests.units.ridge.linear import ridge
from tests.units.ridge.ridge import mistakes

# --- ridge_by_hand ----------------------------------------------------------------------------------------------------

ridge_by_hand = Task("ridge_by_hand")


def _regressions(rng):
    """Rows and columns of several sizes, columns and y far from mean 0; once without a penalty."""
    sizes = ((20, 3), 4.0), ((12, 5), 30.0), ((15, 4), 0.0)
    return [[2 + rng.normal(size=shape), 5 + 3 * rng.normal(size=shape[0]), alpha] for shape, alpha in sizes]


fits = ridge_by_hand.call("ridge_by_hand", _regressions)


@ridge_by_hand.check(points=3)
def weights(fits):
    """The weights are those of ridge regression with an intercept."""
    match_arrays(one_of(fits, 0, "ridge_by_hand"), lambda *a: ridge(*a)[0], mistakes.WEIGHTS, "ridge_by_hand")


@ridge_by_hand.check(points=1, after=weights)
def intercept(fits):
    """The intercept belongs to these weights."""
    match(one_of(fits, 1, "ridge_by_hand"), lambda *a: ridge(*a)[1], mistakes.INTERCEPT, "ridge_by_hand")


# --- coordinate_step --------------------------------------------------------------------------------------------------

coordinate_step = Task("coordinate_step")


def _thresholds(rng):
    """Values on both sides of both thresholds."""
    return [[float(sign * size * rng.uniform(1, 1.5)), 1.6] for sign in (1, -1) for size in (0.4, 0.9, 2.0, 5.0)]


def _steps(rng):
    """Steps that end away from 0, and one that ends there; no column has mean square 1."""
    found = []
    for rows, j, alpha in ((30, 0, 0.3), (18, 3, 0.1), (25, 2, 0.2), (20, 1, 1e4)):
        x = rng.normal(size=(rows, 4)) * [3.0, 0.6, 2.0, 1.7]
        found.append([x, x @ [2.0, 3.0, -2.0, 1.5] + rng.normal(size=rows), rng.normal(size=4), j, alpha])
    return found


softened = coordinate_step.call("soft_threshold", _thresholds)
stepped = coordinate_step.call("lasso_step", _steps)


@coordinate_step.check(points=1)
def soft_threshold(softened):
    """The soft threshold, on both sides of 0."""
    match(softened, mistakes.soft, mistakes.SOFT, "soft_threshold")


@coordinate_step.check(points=2)
def lasso_step(stepped):
    """The new value of one weight, with the others as they are."""
    match(stepped, mistakes.step, mistakes.STEP, "lasso_step")


@coordinate_step.check(points=1, after=lasso_step)
def weights_left_alone(stepped):
    """The weights that were handed over are left as they were."""
    require(
        all(call.unchanged[2] is True for call in stepped),
        _("`lasso_step` writes into the array `w` of whoever calls it: return the new value, and leave `w` alone."),
    )


# --- cross_validation -------------------------------------------------------------------------------------------------

cross_validation = Task("cross_validation")


def _divisions(rng):
    """Numbers of rows that cannot be divided by the number of folds, and one that can."""
    return [[int(k * rng.integers(4, 9) + left), k] for k, left in ((3, 2), (5, 4), (7, 3), (4, 0))]


def _folded(rng):
    """Rows in an order, so that folds differ in mean and deviation; columns on scales of their own."""
    found = []
    for rows, k in ((24, 4), (30, 3)):
        x = np.sort(rng.normal(size=(rows, 4)), axis=0) ** 3 * [1, 30, 0.1, 5] + rng.normal(size=(rows, 4))
        y = x @ [1.0, 0.1, 2.0, -0.3] + rng.normal(size=rows)
        found.append([x, y, [0.1, 3.0, 40.0], [part.tolist() for part in np.array_split(np.arange(rows), k)]])
    return found


divided = cross_validation.call("make_folds", _divisions)
measured = cross_validation.call("cv_errors", _folded)
chosen = cross_validation.value("best_alpha")


def _rows_of(fold):
    """The row numbers of a fold; the check fails where there is no such thing."""
    rows = fold.tolist() if isinstance(fold, np.ndarray) and fold.ndim == 1 else fold
    if not isinstance(rows, list):
        fail(_("A fold of `make_folds` should be a list or an array of row numbers, but it is: {kind}."),
             kind=kind_of(fold))  # fmt: skip
    return [number(row, "make_folds") for row in rows]


def _folds_of(call):
    result = list(call.result) if isinstance(call.result, np.ndarray) and call.result.ndim == 2 else call.result
    require(
        isinstance(result, list),
        _("`make_folds` should return a list of folds, but it returned: {kind}."),
        kind=kind_of(result),
    )
    require(
        len(result) == call.arguments[1],
        _("`make_folds` returned {found} folds where {asked} were asked for."),
        found=len(result),
        asked=call.arguments[1],
    )
    return [_rows_of(fold) for fold in result]


@cross_validation.check(points=1)
def every_row_once(divided):
    """Every row is in exactly one fold."""
    for call in divided:
        rows, k = call.arguments
        times = {row: 0 for row in range(rows)}
        for row in (row for fold in _folds_of(call) for row in fold):
            require(row in times, _("There is no row {row}: {n} rows are numbered from 0 on."), row=row, n=rows)
            times[row] += 1
        counts = set(times.values())
        require(counts != {k - 1}, _("Your folds hold the rows to train on: a fold is what is held out."))
        require(max(counts) <= 1, _("Folds overlap: a row is held out more than once."))
        require(min(counts) >= 1, _("Some rows are never held out: what becomes of those left over by the division?"))


@cross_validation.check(points=1, after=every_row_once)
def even_folds(divided):
    """The folds are as equal in size as they can be."""
    for call in divided:
        sizes = [len(fold) for fold in _folds_of(call)]
        require(
            max(sizes) - min(sizes) <= 1,
            _("One of your folds has {most} rows, another {least}: sizes may differ by one row at most."),
            most=max(sizes),
            least=min(sizes),
        )


@cross_validation.check(points=3)
def honest_errors(measured):
    """For each alpha the mean error on held-out rows, scaled by the rows trained on alone."""
    match_arrays(measured, mistakes.errors, mistakes.ERRORS, "cv_errors")


ALPHAS = 10 ** (np.arange(-4, 9) / 2)  # those of the notebook
ALL, HALF = 1.25, 1.4  # times the least error on new rows that one of them has: whatever folds choose stays below ALL


@cross_validation.check(points=2)
def good_alpha(chosen, rents):
    """On rents that you have not seen, the alpha that you chose is a good one."""
    alpha = number(chosen, "best_alpha")
    require(alpha > 0, _("`best_alpha` should be one of the strengths above 0."))
    train, new = rents.errors(alpha)
    best = min(ALPHAS, key=lambda a: rents.errors(a)[1])
    ratio = new / rents.errors(best)[1]
    share = 1.0 if ratio <= ALL else 0.5 if ratio <= HALF else 0.0
    text = TOO_WEAK if alpha < best else TOO_STRONG
    before = rents.errors(0.0)
    picture = {"alpha": alpha, "before": [round(e) for e in before], "after": [round(train), round(new)]}
    return credit(share, "" if share == 1 else text, picture=picture)


TOO_WEAK = _("With your alpha the model still overfits: its error on new rows is far above that on rows it has seen.")
TOO_STRONG = _("With your alpha the model underfits: its error is large on the rows it has seen, too.")
