"""What every visible check says first: not written, no function, nothing returned, no model of the right form."""

import keras
import pytest

from .answers import dropout_model, given_model, image_model, penalised_model, stub

MODEL_CHECKS = {
    "check_l2_layer": lambda: given_model(kernel_regularizer=keras.regularizers.L2(0.001)),
    "check_l1_layer": lambda: given_model(kernel_regularizer=keras.regularizers.L1(0.0001)),
    "check_elastic": lambda: given_model(
        kernel_regularizer=keras.regularizers.L1L2(l1=0.0001, l2=0.001),
        bias_regularizer=keras.regularizers.L2(0.001),
    ),
    "check_dropout_layers": dropout_model,
    "check_dropout_gap": dropout_model,
}
ONE_MODEL = penalised_model()


def unbuilt():
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])


def returns_nothing():
    penalised_model()


def takes_an_argument(rate):
    return penalised_model()


@pytest.mark.parametrize("name", sorted(MODEL_CHECKS))
def test_a_right_model_passes_and_is_told_what_was_checked(labkit, name, capsys):
    labkit.public[name](MODEL_CHECKS[name])
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize("name", sorted(MODEL_CHECKS))
def test_a_stub_is_called_not_written_yet(en, fr, name):
    with pytest.raises(AssertionError, match="stub is not written yet: replace the line"):
        en.public[name](stub)
    with pytest.raises(AssertionError, match="stub n’est pas encore écrite\u00a0: remplacez la ligne"):
        fr.public[name](stub)


MISTAKES = {
    "nothing": (None, "This is not written yet.", "Ceci n’est pas encore écrit."),
    "no function": (3, "A function is expected here", "On attend ici une fonction"),
    "nothing returned": (returns_nothing, "returns nothing: is its last line", "ne renvoie rien\u00a0: sa dernière"),
    "an argument": (takes_an_argument, "must take as many arguments", "autant d’arguments"),
    "a number": (lambda: 3, "a Keras model; it returns an object of type int", "doit renvoyer un modèle Keras"),
    "a class": (lambda: keras.Sequential, "returns a class", "renvoie une classe"),
    "one model": (lambda: ONE_MODEL, "must make a new model at each call", "un nouveau modèle à chaque appel"),
    "not built": (unbuilt, r"begin it with keras\.Input", r"commencez-le par keras\.Input"),
    "input": (lambda: image_model(shape=(14, 14)), "it takes \\(14, 14\\)", "il prend \\(14, 14\\)"),
    "output": (lambda: image_model(outputs=3), "must give 10 numbers", "doit donner 10 nombres"),
    "no softmax": (lambda: image_model(activation="linear"), "is softmax on", "a-t-elle softmax"),
    "no penalty": (image_model, "adds a penalty: `model.losses` is empty", "n’ajoute de pénalité"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_each_structural_mistake_has_its_sentence(en, fr, mistake):
    answer, english, french = MISTAKES[mistake]
    with pytest.raises(AssertionError, match=english):
        en.public["check_l2_layer"](answer)
    with pytest.raises(AssertionError, match=french):
        fr.public["check_l2_layer"](answer)


def test_a_model_without_dropout_is_told_so(en, fr):
    with pytest.raises(AssertionError, match="has no Dropout layer"):
        en.public["check_dropout_layers"](lambda: image_model(shape=(784,)))
    with pytest.raises(AssertionError, match="n’a pas de couche Dropout"):
        fr.public["check_dropout_gap"](lambda: image_model(shape=(784,)))


def test_the_learners_own_error_keeps_its_traceback(en):
    with pytest.raises(ZeroDivisionError):
        en.public["check_l2_layer"](lambda: 1 / 0)


def test_a_notebook_shows_the_sentence_without_a_traceback(fr):
    with pytest.raises(fr.checking.NotYet) as caught:
        fr.public["check_l2_layer"](None)
    assert caught.value._render_traceback_() == ["✏️  Ceci n’est pas encore écrit."]


def test_a_notebook_breaks_lines_of_the_sentence_at_spaces_alone(fr):
    (shown,) = fr.checking.NotYet("a" * 66 + " appelle-t-on un modèle")._render_traceback_()
    assert shown.splitlines() == ["✏️  " + "a" * 66, "appelle-t-on un modèle"]


class OwnModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = penalised_model()
        self.build((None, 28, 28))

    def build(self, _shape):
        self.built = True

    input_shape = (None, 28, 28)

    def call(self, x):
        return self.inner(x)


class OwnLayer(keras.layers.Layer):
    def call(self, x):
        return x


class OwnRegularizer(keras.regularizers.Regularizer):
    def __call__(self, w):
        return 0.001 * keras.ops.sum(w**2)


def with_layer(layer):
    return keras.Sequential([*penalised_model().layers[:-1], layer, keras.layers.Dense(10, "softmax")])


def convolutions(filters):
    layers = [keras.layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
    start = [keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1))]
    end = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([*start, *layers, *end])


def test_what_keras_makes_of_data_alone_passes(en):
    en.checking.require_model(convolutions(8), "build", (28, 28))
    image = keras.Input((28, 28))
    x = keras.layers.LSTM(8)(image / 255)
    en.checking.require_model(keras.Model(image, keras.layers.Dense(10, "softmax")(x)), "build", (28, 28))


def test_what_the_grading_cannot_build_again_is_said_before_the_deadline(en, fr):
    for model, said in (
        (OwnModel(), "is a class of your own, OwnModel"),
        (with_layer(OwnLayer()), "holds OwnLayer"),
        (with_layer(keras.layers.Lambda(lambda x: x)), "holds Lambda, which the grading does not take"),
        (with_layer(keras.layers.Normalization(mean=0.0, variance=1.0)), "holds Normalization, which the grading"),
        (convolutions(80), "costs more than what the grading trains: "),
        (image_model(kernel_regularizer=OwnRegularizer()), "holds OwnRegularizer"),
    ):
        model(keras.ops.zeros((1, 28, 28)))
        with pytest.raises(AssertionError, match=said):
            en.checking.require_model(model, "build", (28, 28))
        with pytest.raises(
            AssertionError, match=r"la correction (reconstruit|entraîne)|que la correction n’accepte pas"
        ):
            fr.checking.require_model(model, "build", (28, 28))
