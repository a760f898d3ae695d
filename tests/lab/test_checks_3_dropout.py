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
    new = keras.Sequential([keras.Input((784,)), copies[0], keras.layers.Dropout(0.2), *copies[1:]])
    new.set_weights(model.get_weights())
    return new


def repair_with_new_weights(model):
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    return keras.Sequential([keras.Input((784,)), *[type(d).from_config(d.get_config()) for d in dense]])


def repair_in_place(model):
    new = repair(model)
    for layer in model.layers:
        layer.rate = 0.2
    return new


def uncertain(model, x, n):
    passes = np.stack([model(x, training=True) for _ in range(n)])
    return passes.mean(axis=0), passes.std(axis=0)


def over_the_images(model, x, n):
    passes = np.stack([model(x, training=True) for _ in range(n)])
    return passes.mean(axis=1), passes.std(axis=1)


def masked(scale=lambda rate: 1 / (1 - rate), draw=np.greater_equal, shape=np.shape, source=None, inference=1.0):
    """`dropout` with one thing done otherwise."""

    def dropout(x, rate, training, rng):
        if not training:
            return inference * x.copy()
        kept = draw((source or rng).random(shape(x)), rate)
        return x * kept * scale(rate)

    return dropout


def passes_of(mean=lambda p: p.mean(0), deviation=lambda p: p.std(0), training=True, once=False):
    """`predict_with_dropout` with one thing done otherwise."""

    def predict_with_dropout(model, x, n):
        p = [np.asarray(model(x, training=training)) for _ in range(1 if once else n)]
        p = np.stack(p * n if once else p)
        return mean(p), deviation(p)

    return predict_with_dropout


class Fixed:
    def random(self, shape):
        return np.random.default_rng(0).random(shape)


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
    ("check_inverted", (lambda x, rate: x,), "must take as many arguments", "autant d’arguments"),
    ("check_inverted", (lambda x, rate, training, rng: x,), "returns x itself", "renvoie x lui-même"),
    ("check_inverted", (lambda x, rate, training, rng: x.copy(),), "in yours it is 0 %", "c’est 0\u00a0%"),
    ("check_inverted", (masked(draw=np.less),), "80 %: is the rate the probability", "80\u00a0%\u00a0: le taux est-il"),
    ("check_inverted", (masked(shape=lambda x: x.shape[1:]),), "Whole rows or columns", "Des lignes ou des colonnes"),
    ("check_inverted", (masked(source=Fixed()),), "Two calls in a row", "Deux appels de suite"),
    ("check_inverted", (masked(source=np.random),), "must come from rng", "doit venir de rng"),
    ("check_inverted", (masked(scale=lambda rate: 1),), r"expected \[5\], found \[4\]. It keeps", "obtenu.*garde sa"),
    ("check_inverted", (masked(scale=lambda rate: 1 / max(rate, 0.1)),), "divided by the rate", "divisée par le taux"),
    ("check_inverted", (masked(inference=0.8),), "scales at inference", "change d’échelle en inférence"),
    ("check_repair", (repair_with_new_weights,), "has other weights than", "n’a pas les poids du modèle reçu"),
    ("check_repair", (repair_in_place,), "is not the same afterwards", "n’est plus le même"),
    ("check_uncertainty", (passes_of(training=False),), r"0\.881 0\]\. All passes were made", "faits en inférence"),
    ("check_uncertainty", (passes_of(once=True),), "one pass, counted several times", "un seul passage"),
    ("check_uncertainty", (passes_of(deviation=lambda p: p.var(0)),), "is a variance", "est une variance"),
    ("check_uncertainty", (passes_of(deviation=lambda p: p.std(0) / 10),), "that of the mean", "celui de la moyenne"),
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


def test_numbers_beside_which_others_are_rounding_are_shown_as_they_are(en):
    shown = en.tried._shown
    assert shown(np.array([1.0, 2e-6, -3e-5])) == "[1 0 −3e-05]"
    assert [shown(np.array(v)) for v in ([2e-6, 0.0], [np.nan, 1.0], [np.inf, 1.0])] == [
        "[2e-06 0]",
        "[nan 1]",
        "[inf 1]",
    ]
