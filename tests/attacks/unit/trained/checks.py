"""Checks of the notebook `trained`: tasks of the course whose models are trained, as they are."""

from autograder.units.regularization.challenge.checks import challenge, model
from autograder.units.regularization.dropout.checks import dropout_gap, less_overfit
from autograder.units.regularization.l1_l2.checks import (
    choose_lambda,
    l2_layer,
    l2_model,
    lambda_chosen,
    lambda_losses,
    regularized,
)

__all__ = [
    "challenge",
    "choose_lambda",
    "dropout_gap",
    "l2_layer",
    "l2_model",
    "lambda_chosen",
    "lambda_losses",
    "less_overfit",
    "model",
    "regularized",
]
