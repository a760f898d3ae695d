"""Requests for trainings: what is answered, what is refused."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autograder.checks.evidence import array, encode_array
from autograder.errors import EvidenceRefused
from autograder.families.keras import rebuild, trainer
from autograder.families.keras.requests import answer
from autograder.families.keras.training import loss_of, train
from autograder.store import Store
from autograder.trusted import helper
from autograder.units.regularization import datasets
from autograder.units.regularization.training import DATA


def model(rate: float = 0.0) -> Any:
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Flatten(), keras.layers.Dropout(rate), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((28, 28)), *layers])


def request(model: Any, **changes: Any) -> dict[str, Any]:
    x, y = datasets.load("train")
    variables = [encode_array(v.numpy()) for v in model.variables]
    loss = changes.pop("loss") if "loss" in changes else loss_of(model, x[:64], y[:64])
    asked = {"config": model.to_json(), "variables": variables, "loss": loss}
    settings = {"epochs": 2, "batch_size": 500, "learning_rate": 1e-3, "seed": 0}
    return {**asked, **settings, **changes}


def test_the_answer_is_the_training_the_asker_would_have_done(tmp_path: Path) -> None:
    asked = json.dumps(request(model(0.3)))
    here = model(0.3)
    logs = train(here, datasets.load("train"), datasets.load("validation"), epochs=2, batch_size=500)
    for _ in range(2):  # the second answer comes from the store
        found = answer(asked, Store(tmp_path), DATA)
        np.testing.assert_allclose(found["logs"]["val_loss"], logs["val_loss"], rtol=1e-4)
        for item, variable in zip(found["variables"], here.variables, strict=True):
            np.testing.assert_allclose(array(item), variable.numpy(), rtol=1e-3, atol=1e-5)


def test_it_is_built_and_trained_in_the_process_that_keeps_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first operations of a process are dear, and a forked child answers a single request."""
    asked, there, build = json.dumps(request(model(0.3))), [], rebuild.build
    here = answer(asked, None, DATA)

    def helped(parts: list[Any]) -> list[bytes]:
        with monkeypatch.context() as within:
            within.setattr(rebuild, "build", lambda config: there.append(1) or build(config))
            return [bytes(part) for part in trainer.work([bytes(part) for part in parts], lambda: None)]

    monkeypatch.setattr(helper, "ask", helped)
    monkeypatch.setattr(rebuild, "build", None)
    assert answer(asked, None, DATA) == here
    assert there == [1]


def test_images_go_to_a_model_of_vectors_as_such() -> None:
    keras.utils.set_random_seed(3)
    asked = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
    x, y = datasets.load("train")
    found = answer(json.dumps(request(asked, loss=loss_of(asked, x[:64].reshape(64, -1), y[:64]))), None, DATA)
    assert len(found["logs"]["val_loss"]) == 2


def test_the_names_of_layers_do_not_matter(tmp_path: Path) -> None:
    first = model()
    second = model()
    assert first.layers[1].name != second.layers[1].name
    for asked in (first, second):
        answer(json.dumps(request(asked)), Store(tmp_path), DATA)
    assert len(list(tmp_path.glob("??/*.json"))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 10_000}, {"epochs": True}, {"epochs": 0}, {"batch_size": 0}, {"batch_size": 1, "epochs": 200},
        {"seed": -1}, {"seed": 0.5}, {"learning_rate": "1"}, {"learning_rate": float("nan")}, {"variables": []},
        {"variables": {}}, {"variables": [1]}, {"config": {}}, {"config": "[]"}, {"config": '{"class_name": "Lambda"}'},
        {"loss": 7.5}, {"loss": float("nan")}, {"loss": None},
    ],
)  # fmt: skip
def test_what_is_not_a_request_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EvidenceRefused):
        answer(json.dumps(request(model(), **changes)), None, DATA)


@pytest.mark.parametrize("text", ["", "[]", "1", "[" * 100_000, "{}", "x" * ((16 << 20) + 1)])
def test_text_that_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(EvidenceRefused):
        answer(text, None, DATA)
