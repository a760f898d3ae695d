"""What a learner with a known mistake would return, by the sentence for it."""

# mypy: allow-untyped-defs

import numpy as np

from autograder.i18n import _
from tests.units.ridge.linear import mean_squared_error, ridge, standardized


def _solve(x, y, penalty):
    return np.linalg.solve(x.T @ x + penalty, x.T @ y)


def _penalized_intercept(x, y, alpha):
    ones = np.column_stack([np.ones(len(x)), x])
    return _solve(ones, y, alpha * np.eye(ones.shape[1]))[1:]


def _alpha_everywhere(x, y, alpha):
    return _solve(x - x.mean(axis=0), y - y.mean(), alpha)


WEIGHTS = {
    _("Your weights are those of least squares: they do not depend on `alpha`."): lambda x, y, alpha: ridge(x, y, 0)[0],
    _("Your weights belong to a model without intercept: the line then goes through the origin."): (
        lambda x, y, alpha: _solve(x, y, alpha * np.eye(x.shape[1]))
    ),
    _("You took the mean off `y` alone: what about the columns of `X`?"): (
        lambda x, y, alpha: _solve(x, y - y.mean(), alpha * np.eye(x.shape[1]))
    ),
    _("Your penalty acts on the intercept, too: 100 more on every rent is then not 100 more on every prediction."): (
        _penalized_intercept
    ),
    _("Your penalty grows with the number of rows, as if the squared errors were averaged: the task has a sum."): (
        lambda x, y, alpha: ridge(x, y, alpha * len(x))[0]
    ),
    _("Your penalty is half as strong as asked: take the derivative of both terms again, each with its factor."): (
        lambda x, y, alpha: ridge(x, y, alpha / 2)[0]
    ),
    _("You add `alpha` to every entry of a matrix: but the penalty has no products of two weights."): _alpha_everywhere,
}
INTERCEPT = {
    _("Your intercept is the mean of `y`: it is only where every column of `X` has mean 0."): (
        lambda x, y, alpha: y.mean()
    ),
    _("Your intercept is always 0."): lambda x, y, alpha: 0.0,
    _("Look at a sign in your intercept: at the mean of the columns, the model has to predict the mean of `y`."): (
        lambda x, y, alpha: y.mean() + x.mean(axis=0) @ ridge(x, y, alpha)[0]
    ),
}


def soft(z, t):
    """The soft threshold of one number."""
    return np.sign(z) * max(abs(z) - t, 0.0)


SOFT = {
    _("You keep large values as they are: that is a hard threshold."): lambda z, t: z if abs(z) > t else 0.0,
    _("Your result is never negative: what happened to the sign of `z`?"): lambda z, t: max(abs(z) - t, 0.0),
    _("Your result is 0 for every negative `z`: the threshold acts on both sides."): lambda z, t: max(z - t, 0.0),
    _("Small values change their sign instead of becoming 0."): lambda z, t: np.sign(z) * (abs(z) - t),
    _("You subtract `t` from every `z`, whatever its sign and its size."): lambda z, t: z - t,
}


def step(x, y, w, j, alpha):
    """The minimum of the lasso's loss over weight `j` alone."""
    return soft(_pull(x, y, w, j), alpha) / np.mean(x[:, j] ** 2)


def _pull(x, y, w, j):
    """Mean product of column `j` with what the other columns leave over."""
    return np.mean(x[:, j] * (y - x @ w + x[:, j] * w[j]))


STEP = {
    _("What is left over for weight `j` still lacks its own part: leave column `j` out of the prediction."): (
        lambda x, y, w, j, alpha: soft(np.mean(x[:, j] * (y - x @ w)), alpha) / np.mean(x[:, j] ** 2)
    ),
    _("You take sums where the task has means: `alpha` then counts for less, the more rows there are."): (
        lambda x, y, w, j, alpha: soft(len(x) * _pull(x, y, w, j), alpha) / np.sum(x[:, j] ** 2)
    ),
    _("Your step is right only for a column whose squares have mean 1."): (
        lambda x, y, w, j, alpha: soft(_pull(x, y, w, j), alpha)
    ),
    _("You divide by the mean square of the column before the threshold: in which order does the task do it?"): (
        lambda x, y, w, j, alpha: soft(_pull(x, y, w, j) / np.mean(x[:, j] ** 2), alpha)
    ),
    _("Your step is the one of least squares: `alpha` plays no part in it."): (
        lambda x, y, w, j, alpha: _pull(x, y, w, j) / np.mean(x[:, j] ** 2)
    ),
}


def errors(x, y, alphas, folds, *, scale=standardized, score=mean_squared_error, swap=False, on_training=False):
    """Mean error of each alpha over the folds; `scale(rows, training rows)`. The arguments are the mistakes' doors."""
    table = []
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(x)), fold)
        train, held = (fold, rest) if swap else (rest, fold)
        at = train if on_training else held
        seen, kept = scale(x[train], x[train]), scale(x[at], x[train])
        table.append([score(kept, y[at], *ridge(seen, y[train], alpha)) for alpha in alphas])
    return np.mean(table, axis=0)


def _scaled_together(x, y, alphas, folds):
    return errors(standardized(x, x), y, alphas, folds, scale=lambda rows, train: rows)


def _sample_scale(rows, train):
    return (rows - train.mean(axis=0)) / train.std(axis=0, ddof=1)


ERRORS = {
    _("You scale with the mean and the deviation of all rows: held-out rows then say something about themselves."): (
        _scaled_together
    ),
    _("You scale the held-out rows by themselves: in use, a flat comes alone, and has neither mean nor deviation."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, scale=lambda rows, train: standardized(rows, rows))
    ),
    _("The columns are not scaled: the penalty then depends on the units in which a flat was measured."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, scale=lambda rows, train: rows)
    ),
    _("You measure the error on the rows that you trained on: there, the weakest penalty always wins."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, on_training=True)
    ),
    _("You train on a fold and measure on all the others: it is the other way round."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, swap=True)
    ),
    _("You add the folds' errors up: the task asks for their mean."): (
        lambda x, y, alphas, folds: len(folds) * errors(x, y, alphas, folds)
    ),
    _("You take the root of the mean squared error of a fold: the task does not."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, score=lambda *fit: mean_squared_error(*fit) ** 0.5)
    ),
    _("You divide by the deviation of a sample (n − 1): `StandardScaler` divides by n."): (
        lambda x, y, alphas, folds: errors(x, y, alphas, folds, scale=_sample_scale)
    ),
}
