# %% inverted
def dropout(x, rate, training, rng):
    if training and rate > 0:
        keep = rng.binomial(1, 1 - rate, size=np.shape(x))
        return x * keep / (1 - rate)
    return np.array(x)

# %% dropout_layers
def build_dropout_model():
    inputs = keras.Input((784,))
    hidden = inputs
    for _ in range(2):
        hidden = keras.layers.Dense(64)(hidden)
        hidden = keras.layers.ReLU()(hidden)
        hidden = keras.layers.Dropout(1 / 2)(hidden)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(hidden))
