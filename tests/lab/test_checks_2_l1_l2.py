"""The visible checks of the notebook 2: right answers pass, structural mistakes are named."""

import keras
import numpy as np
import pytest

from .answers import given_model, penalised_model, regularizers, stub


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
    return np.mean(np.abs(kernels(model)) < eps)


def kernels(model):
    return np.concatenate([layer.kernel.numpy().ravel() for layer in model.layers])


def parts(data="inference", penalty=sum):
    """`split_loss` with another data part or another penalty."""

    def split_loss(model, x, y):
        loss = keras.losses.SparseCategoricalCrossentropy()(y, model(x, training=data == "training"))
        whole = loss + sum(model.losses) if data == "whole" else loss
        return whole, penalty(model.losses) if model.losses else 0.0

    return split_loss


def compile_and_fit(model, x, y, x_val, y_val, epochs, name="crossentropy", validation=True):
    metric = keras.metrics.SparseCategoricalCrossentropy(name=name)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[metric])
    return model.fit(x, y, validation_data=(x_val, y_val) if validation else None, epochs=epochs, verbose=0)


def unnamed(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, epochs, "entropy")


def under_kerass_name(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, epochs, name="sparse_categorical_crossentropy")


def unvalidated(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x_val, y_val, epochs, validation=False).history


def on_one_side(model, x, y, x_val, y_val, epochs):
    return compile_and_fit(model, x, y, x, y, epochs)


def another(model, *rest):
    return compile_and_fit(keras.models.clone_model(model), *rest)


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
    functions = (lambda w, lam: keras.ops.sum(keras.ops.abs(w)) * lam, l2, l1_l2)
    en.public["check_penalty"](*functions)
    assert "✓" in capsys.readouterr().out


MISTAKES = [
    ("check_penalty", (stub, l2, l1_l2), "stub is not written yet", "stub n’est pas encore écrite"),
    ("check_penalty", (per_weight, l2, l1_l2), r"one number; it gives ndarray \(4,\)", "doit donner un nombre"),
    ("check_penalty", (l1, in_place, l1_l2), "in_place changes the weights", "modifie les poids"),
    ("check_penalty", (lambda w, lam: -1.0, l2, l1_l2), "gives a negative number", "nombre négatif"),
    ("check_penalty", (lambda w, lam: 1.0, l2, l1_l2), "With λ = 0, <lambda> must give 0", "Avec λ = 0"),
    ("check_penalty", (lambda w, lam: np.nan, l2, l1_l2), "nan, which is no finite", "pas un nombre fini"),
    ("check_penalty", (l1, l2, l1), "must take as many arguments", "autant d’arguments"),
    ("check_own_fit", (lambda m, x, y, x_val, y_val, epochs: 3.0,), "what `model.fit` returns", "ce que renvoie"),
    ("check_own_fit", (unnamed,), "no crossentropy, val_crossentropy; it has entropy", "ne contient pas crossentropy"),
    ("check_own_fit", (under_kerass_name,), "argument `name` is its name in the history", "`name` d’une métrique est"),
    ("check_own_fit", (lambda *a: {0: [1.0]},), "val_crossentropy; it has 0", "il contient 0"),
    ("check_own_fit", (unvalidated,), "no val_loss, val_crossentropy", "ne contient pas val_loss"),
    ("check_own_fit", (once,), "Asked for 3 epochs, compile_and_fit trains for 1", "doit entraîner pendant 3"),
    ("check_own_fit", (on_one_side,), "val_loss is lower than loss", "val_loss est plus basse"),
    ("check_own_fit", (another,), "has the same weights as before", "les mêmes poids qu’avant"),
    ("check_own_fit", (loss_twice,), "crossentropy is not lower than the loss", "n’est pas plus basse"),
    ("check_split_loss", (lambda m, x, y: 3.0,), "must return two values", "doit renvoyer deux valeurs"),
    ("check_split_loss", (lambda m, x, y: (1.0, [1, 2]),), "one number; it gives list", "doit donner un nombre"),
    ("check_split_loss", (lambda m, x, y: (1.0, -1.0),), "neither part of the loss is", "aucune des deux parts"),
    ("check_penalty", (l1, lambda w, lam: l2(w, lam) / 2, l1_l2), "2.175 is expected. Your penalty is half", "moitié"),
    ("check_penalty", (l1, lambda w, lam: lam * np.mean(w**2), l1_l2), "is it a mean or a sum", "moyenne ou une somme"),
    ("check_penalty", (lambda w, lam: abs(np.sum(w)) * lam, l2, l1_l2), "absolute value after", "valeur absolue"),
    ("check_penalty", (l1, l2, lambda w, l1, l2: l1_l2(w, l2, l1)), "have changed places", "échangé"),
    ("check_penalty", (l1, l2, lambda w, l1, l2: 7 * l1_l2(w, l1, l2)), r"gives 38.5; 5.5 is expected.$", "donne 38,5"),
    ("check_l2_layer", (lambda: given_model(kernel_regularizer="l2"),), "0.01 is what Keras takes", "0,01 est la"),
    (
        "check_l2_layer",
        (lambda: given_model(kernel_regularizer=regularizers.L1(0.001)),),
        "is L1 with λ = 0.001 and L2 with λ = 0; asked",
        "est L1 avec λ = 0,001",
    ),
    (
        "check_l2_layer",
        (lambda: given_model("l2", kernel_regularizer=regularizers.L2(0.001)),),
        "a penalty on the output layer's weights, and none",
        "une pénalité sur les poids de la couche de sortie",
    ),
    ("check_l2_layer", (penalised_model,), "has weights of the shapes", "ont les formes"),
    (
        "check_l2_layer",
        (lambda: given_model(kernel_regularizer=regularizers.L2(0.001), activity_regularizer="l2"),),
        "penalises its outputs",
        "pénalise ses sorties",
    ),
    ("check_l1_layer", (lambda: given_model(kernel_regularizer="l2"),), "L1 is asked for", "on demande L1"),
    (
        "check_elastic",
        (lambda: given_model(kernel_regularizer=regularizers.L1L2(0.001, 0.0001)),),
        "L1 with λ = 0.001 and L2 with λ = 0.0001; asked for are L1 with λ = 0.0001 and L2 with λ = 0.001",
        "L1 avec λ = 0,001 et L2",
    ),
    (
        "check_elastic",
        (lambda: given_model(late=regularizers.L2(0.001), kernel_regularizer=regularizers.L1L2(0.0001, 0.001)),),
        "set after the layer had been built",
        "après la construction",
    ),
    (
        "check_elastic",
        (lambda: given_model(kernel_regularizer=lambda w: 0.001 * keras.ops.sum(w**2)),),
        "takes only layers and regularizers of Keras's",
        "que les couches et les régulariseurs de Keras",
    ),
    ("check_split_loss", (parts("whole"),), "the whole loss, as `evaluate` reports it", "perte"),
    ("check_split_loss", (parts("training"),), "that of training mode, with Dropout on", "mode entraînement"),
    ("check_split_loss", (parts(penalty=lambda ls: 2 * sum(ls)),), "counts the penalty twice", "deux fois"),
    ("check_split_loss", (parts(penalty=lambda ls: ls[0]),), "one of the model's penalties", "qu’une des pénalités"),
    ("check_split_loss", (parts(penalty=lambda ls: ls[0] + ls[2]),), "leaves out the penalty of a bias", "biais"),
    ("check_sparsity", (lambda m, eps: 5, "l1"), "returns a count", "renvoie un nombre|compte"),
    ("check_sparsity", (lambda m, eps: np.mean(kernels(m) < eps), "l1"), "counts large negative", "négatifs"),
    ("check_sparsity", (lambda m, eps: np.mean(kernels(m) == 0), "l1"), "exactly zero", "exactement nuls|nuls"),
    ("check_sparsity", (share, None), "sparser is not written yet", "sparser n’est pas encore écrit"),
    ("check_sparsity", (share, "L3"), "it is 'L3'", "il vaut 'L3'"),
    ("check_choose_lambda", (penalised_model, {}, None), "val_losses is not written", "val_losses n’est pas"),
    ("check_choose_lambda", (penalised_model, [1, 2], 1), "must be a dict", "doit être un dictionnaire"),
    ("check_choose_lambda", (penalised_model, {1.0: 0.5}, 1), "Entries of val_losses: 1. Try at least 4", "au moins 4"),
    ("check_choose_lambda", (penalised_model, {**SWEEP, -1.0: 0.4}, 1), "never negative", "jamais négative"),
    ("check_choose_lambda", (penalised_model, {**SWEEP, 1: [0.4]}, 1), "a validation loss; it is list", "une perte"),
    ("check_choose_lambda", (penalised_model, SWEEP, None), "best_lambda is not written", "best_lambda n’est pas"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.1), "at an end of your sweep", "vaut 0,1, à une extrémité"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.01), "carries λ = 0.001, but best_lambda", "porte λ = 0,001"),
    ("check_choose_lambda", (penalised_model, SWEEP, 0.5), "not among the values tried", "pas parmi les"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "answer", "english", "french"), MISTAKES)
def test_each_structural_mistake_has_its_sentence(en, fr, check, answer, english, french):
    with pytest.raises(AssertionError, match=english):
        en.public[check](*answer)
    with pytest.raises(AssertionError, match=french):
        fr.public[check](*answer)
