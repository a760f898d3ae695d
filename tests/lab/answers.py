"""Small models and functions that the tests of the visible checks share."""

import keras

layers, regularizers = keras.layers, keras.regularizers


def stub(*_arguments):
    """What the released notebook has in place of a solution."""
    raise NotImplementedError


def image_model(outputs=10, shape=(28, 28), activation="softmax", **hidden):
    """The model of the notebook 2, with options for its hidden layer."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(16, "relu", **hidden),
            layers.Dense(outputs, activation),
        ]
    )


def given_model(output=None, late=None, **hidden):
    """The model of the notebook 2 in its own size; `late`: a regularizer set on the built hidden layer's bias."""
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(128, "relu", **hidden),
            layers.Dense(10, "softmax", kernel_regularizer=output),
        ]
    )
    if late:
        model.layers[1].bias_regularizer = late
    return model


def penalised_model():
    return image_model(kernel_regularizer=regularizers.L2(0.001))


def dropout_model(shape=(784,)):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(16, "relu"),
            layers.Dropout(0.5),
            layers.Dense(10, "softmax"),
        ]
    )
