"""The visible checks of the notebook 2: right answers pass, structural mistakes are named."""

import keras
import numpy as np
import pytest

from .answers import penalised_model, stub


def l1(w, lam):
    return lam * np.sum(np.abs(w))


def l2(w, lam):
    return lam * np.sum(w**2)


def l1_l2(w, l1, l2):
    return l1 * np.sum(np.abs(w)) + l2 * np.sum(w**2)


def per_weight(w, lam):
    return lam * np.abs(w)


def in_place(w, lam):
    w *= w
    return lam * w.sum()


def split(model, x, y):
    loss = keras.losses.SparseCategoricalCrossentropy()(y, model(x, training=False))
    return loss, sum(model.losses)


def share(model, eps):
    return np.mean(np.abs(model.layers[0].kernel.numpy()) < eps)


def compile_and_fit(model, x, y, x_val, y_val, epochs, name="crossentropy", validation=True):
    metric = keras.metrics.SparseCategoricalCrossentropy(name=name)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
    return model.fit(x, y, validation_data=(x_val, y_val) if validation else None, epochs=epochs, verbose=0)


def unnamed(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, epochs, "entropy")


def unvalidated(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, epochs, validation=False).history


def once(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, 1).history


def loss_twice(model, x, y, x_val, y_val, epochs):
    curves = compile_and_fit(model, x, y, x_val, y_val, epochs).history
    return curves | {"crossentropy": curves["loss"]}


SWEEP = {0.0001: 0.6, 0.001: 0.5, 0.01: 0.6, 0.1: 0.9}
RIGHT = {
    "check_penalty": (l1, l2, l1_l2),
    "check_own_fit": (compile_and_fit,),
    "check_split_loss": (split,),
    "check_sparsity": (share, "l1"),
    "check_choose_lambda": (penalised_model, SWEEP, 0.001),
}


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_right_answer_passes(labkit, name, capsys):
    labkit.public[name](*RIGHT[name])
    assert capsys.readouterr().out.startswith("✓ ")


def test_a_penalty_may_be_a_tensor(en, capsys):
    kernels = (lambda w, lam: keras.ops.sum(w) ** 2 * lam, l2, l1_l2)
    en.public["check_penalty"](*kernels)
    assert "✓" in capsys.readouterr().out


MISTAKES = [
    ("check_penalty", (stub, l2, l1_l2), "stub is not written yet", "stub n’est pas encore écrite"),
    ("check_penalty", (per_weight, l2, l1_l2), r"one number; it gives ndarray \(4,\)", "doit donner un nombre"),
    ("check_penalty", (l1, in_place, l1_l2), "in_place changes the weights", "modifie les poids"),
    ("check_penalty", (lambda w, lam: -1.0, l2, l1_l2), "gives a negative number", "nombre négatif"),
    ("check_penalty", (lambda w, lam: 1.0, l2, l1_l2), "With λ = 0, <lambda> must give 0", "Avec λ = 0"),
    ("check_penalty", (lambda w, lam: np.nan, l2, l1_l2), "nan, which is no finite", "pas un nombre fini"),
    ("check_penalty", (l1, l2, l1), "must take 3 arguments", "doit prendre 3 argument"),
    ("check_own_fit", (lambda m, x, y, x_val, y_val, epochs: 3.0,), "what `model.fit` returns", "ce que renvoie"),
    ("check_own_fit", (unnamed,), "no crossentropy, val_crossentropy; it has entropy", "ne contient pas crossentropy"),
    ("check_own_fit", (unvalidated,), "no val_loss, val_crossentropy", "ne contient pas val_loss"),
    ("check_own_fit", (once,), "Asked for 3 epochs, compile_and_fit trains for 1", "doit entraîner pendant 3"),
    ("check_own_fit", (loss_twice,), "crossentropy is not lower than the loss", "n’est pas plus basse"),
    ("check_split_loss", (lambda m, x, y: 3.0,), "must return two values", "doit renvoyer deux valeurs"),
    ("check_split_loss", (lambda m, x, y: (1.0, [1, 2]),), "one number; it gives list", "doit donner un nombre"),
    ("check_split_loss", (lambda m, x, y: (1.0, -1.0),), "neither part of the loss is", "aucune des deux parts"),
    ("check_sparsity", (lambda m, eps: 30, "l1"), "a share lies between 0 and 1", "entre 0 et 1"),
    ("check_sparsity", (share, None), "sparser is not written yet", "sparser n’est pas encore écrit"),
    ("check_sparsity", (share, "L3"), "it is 'L3'", "il vaut 'L3'"),
    ("check_choose_lambda", (penalised_model, {}, None), "val_losses is not written", "val_losses n’est pas"),
    ("check_choose_lambda", (penalised_model, [1, 2], 1), "must be a dict", "doit être un dictionnaire"),
    ("check_choose_lambda", (penalised_model, {1.0: 0.5}, 1), "has 1 entries: try at least 4", "au moins 4"),
    ("check_choose_lambda", (penalised_model, {**SWEEP, -1.0: 0.4}, 1), "never negative", "jamais négative"),
    ("check_choose_lambda", (penalised_model, {**SWEEP, 1: [0.4]}, 1), "a validation loss; it is list", "une perte"),
    ("check_choose_lambda", (penalised_model, SWEEP, None), "best_lambda is not written", "best_lambda n’est pas"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.1), "at an end of your sweep", "à une extrémité"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.01), "carries λ = 0.001, but best_lambda", "porte λ"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.5), "not among the values tried", "pas parmi les"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "answer", "english", "french"), MISTAKES)
def test_each_structural_mistake_has_its_sentence(en, fr, check, answer, english, french):
    with pytest.raises(AssertionError, match=english):
        en.public[check](*answer)
    with pytest.raises(AssertionError, match=french):
        fr.public[check](*answer)
