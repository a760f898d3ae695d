"""`lab.train`: what it returns, what it shows, what it refuses."""

import keras
import pytest

ENTRIES = {"loss", "val_loss", "crossentropy", "val_crossentropy", "accuracy", "val_accuracy"}


def model(input_shape=(28, 28), penalty=None, dtype=None):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(8, "relu", kernel_regularizer=penalty, dtype=dtype),
            keras.layers.Dense(10, "softmax", dtype=dtype),
        ]
    )


def test_a_history_like_that_of_keras_comes_back(en):
    trained = model()
    history = en.public["train"](trained, epochs=2, progress=False)
    assert isinstance(history, keras.callbacks.History)
    assert set(history.history) == ENTRIES
    assert history.epoch == [0, 1]
    assert all(len(values) == 2 for values in history.history.values())
    assert history.history["crossentropy"][-1] < history.history["crossentropy"][0]


def test_only_loss_entries_hold_the_penalty(en):
    trained = model(penalty=keras.regularizers.L2(0.1))
    history = en.public["train"](trained, epochs=1, progress=False).history
    penalty = float(sum(trained.losses))
    assert history["val_loss"][0] == pytest.approx(history["val_crossentropy"][0] + penalty, rel=1e-4)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_a_model_of_any_precision_is_trained(en, dtype):
    history = en.public["train"](model(penalty="l2", dtype=dtype), epochs=2, progress=False).history
    assert history["crossentropy"][1] < history["crossentropy"][0]
    en.checking.require_model(model(dtype=dtype), "build", (28, 28))


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_images_are_given_in_the_shape_the_model_takes(en, shape):
    history = en.public["train"](model(shape), epochs=1, progress=False)
    assert history.history["accuracy"][0] > 0.2


def test_a_model_for_other_inputs_is_refused_with_what_to_do(fr):
    with pytest.raises(ValueError, match=r"commencez-le par keras\.Input"):
        fr.public["train"](model((14, 14)), epochs=1, progress=False)


def test_a_terminal_gets_one_line_that_is_updated(labkit, capsys):
    labkit.public["train"](model(), epochs=2)
    output = capsys.readouterr().out
    assert output.startswith("\r")
    assert output.count("\n") == 1
    assert (
        output.rstrip()
        .split("\r")[-1]
        .startswith({"labkit_en": "Epoch 2/2", "labkit_fr": "Époque 2/2"}[labkit.__name__])
    )


def test_a_notebook_gets_a_curve_and_a_bar(en):
    progress = en.progress.Progress(epochs=4, enabled=False)
    for epoch in range(2):
        progress(epoch, {"crossentropy": 0.5 / (epoch + 1), "val_crossentropy": 0.6})
    page = progress._repr_html_()
    assert page.count("<polyline") == 2
    assert 'value="0.500"' in page
    assert "training 0.25 · validation 0.6" in page
