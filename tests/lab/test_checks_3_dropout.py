"""The visible checks of the notebook 3: right answers pass, structural mistakes are named."""

import keras
import numpy as np
import pytest

from .answers import stub


def dropout(x, rate, training, rng):
    return np.where(rng.random(x.shape) >= rate, x / (1 - rate), 0.0) if training else x.copy()


def dropout_in_place(x, rate, training, rng):
    x *= rng.random(x.shape) >= rate
    return x


def repair(model):
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    copies = [keras.layers.Dense.from_config(layer.get_config()) for layer in dense]
    return keras.Sequential([keras.Input((784,)), copies[0], keras.layers.Dropout(0.2), *copies[1:]])


def uncertain(model, x, n):
    passes = np.stack([model(x, training=True) for _ in range(n)])
    return passes.mean(axis=0), passes.std(axis=0)


def over_the_images(model, x, n):
    passes = np.stack([model(x, training=True) for _ in range(n)])
    return passes.mean(axis=1), passes.std(axis=1)


SWEEP = {0.1: 0.6, 0.3: 0.5, 0.5: 0.55}
RIGHT = {
    "check_inverted": (dropout,),
    "check_repair": (repair,),
    "check_uncertainty": (uncertain,),
    "check_choose_rate": (SWEEP, 0.3),
}


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_right_answer_passes(labkit, name, capsys):
    labkit.public[name](*RIGHT[name])
    assert capsys.readouterr().out.startswith("✓ ")


MISTAKES = [
    ("check_inverted", (stub,), "stub is not written yet", "stub n’est pas encore écrite"),
    ("check_inverted", (lambda x, rate, training, rng: 0.5,), "an array of the same shape as x", "même forme que x"),
    ("check_inverted", (lambda x, rate, training, rng: x[:1],), r"\(7,\); it returns \(1,\)", r"renvoie \(1,\)"),
    ("check_inverted", (dropout_in_place,), "changes x itself", "modifie x lui-même"),
    ("check_inverted", (lambda x, rate: x,), "must take 4 arguments", "doit prendre 4 argument"),
    ("check_repair", (lambda model: model,), "must return a new model", "doit renvoyer un nouveau modèle"),
    ("check_repair", (lambda model: model.layers[1],), "must return a Keras model", "un modèle Keras"),
    ("check_repair", (lambda model: keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")]),),
     "must have Dense layers with kernels", "couches Dense dont les noyaux"),
    ("check_uncertainty", (lambda model, x, n: uncertain(model, x, n)[0],), "must return two values", "deux valeurs"),
    ("check_uncertainty", (over_the_images,), "over which axis do you average", "sur quel axe"),
    ("check_uncertainty", (lambda model, x, n: (np.full((4, 10), np.nan),) * 2,), "no finite numbers", "nombres finis"),
    ("check_choose_rate", ({}, None), "val_losses is not written yet", "val_losses n’est pas encore écrit"),
    ("check_choose_rate", ({**SWEEP, 50: 0.4}, 50), r"it lies in \[0, 1\)", "neurones éteints"),
    ("check_choose_rate", (SWEEP, 0.9), "not among the values tried", "pas parmi les valeurs"),
    ("check_choose_rate", (SWEEP, None), "best_rate is not written yet", "best_rate n’est pas encore écrit"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "answer", "english", "french"), MISTAKES)
def test_each_structural_mistake_has_its_sentence(en, fr, check, answer, english, french):
    with pytest.raises(AssertionError, match=english):
        en.public[check](*answer)
    with pytest.raises(AssertionError, match=french):
        fr.public[check](*answer)
