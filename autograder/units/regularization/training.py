"""The unit's data in the hands of Keras's family: trainings for checks, and those that kernels ask for."""

from collections.abc import Mapping
from typing import Any

from autograder.checks.api import Context
from autograder.checks.seeds import derive
from autograder.families.keras import requests
from autograder.families.keras.runs import PAIRS, Data, Trainer
from autograder.store import Store
from autograder.units.regularization import datasets
from autograder.units.regularization.strengths import strengths_in

DATA = Data(datasets.load, datasets.CHECKSUMS)


def trainer(context: Context) -> Trainer:
    """What checks name `trainer`: as many pairs of seeds as a grade looks at."""
    seeds = [derive(context.secret, "training", str(pair)) for pair in range(PAIRS)]
    return Trainer(context.store, seeds, DATA, _described)


def _described(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"strengths": strengths_in(config)}


def answer(text: str, store: Store | None) -> dict[str, Any]:
    """What `lab.train` asks for in a sandbox."""
    return requests.answer(text, store, DATA)
