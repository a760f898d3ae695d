"""Linear models by hand, with scikit-learn's conventions: what several tasks are compared with."""

# mypy: allow-untyped-defs

import numpy as np


def ridge(x, y, alpha):
    """Weights and intercept that minimize ‖y − x w − b‖² + alpha ‖w‖²; the intercept is not penalized."""
    x_mean, y_mean = x.mean(axis=0), y.mean()
    centred = x - x_mean
    weights = np.linalg.solve(centred.T @ centred + alpha * np.eye(x.shape[1]), centred.T @ (y - y_mean))
    return weights, float(y_mean - x_mean @ weights)


def standardized(x, like):
    """`x` less the mean of the rows `like`, divided by their standard deviation, column by column."""
    return (x - like.mean(axis=0)) / like.std(axis=0)


def mean_squared_error(x, y, weights, intercept):
    """Mean of the squared errors of a linear model."""
    return float(np.mean((y - x @ weights - intercept) ** 2))
