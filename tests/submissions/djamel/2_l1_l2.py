# %% l2_layer
def build_l2_model():
    return keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu", kernel_regularizer="l2"),
        keras.layers.Dense(10, activation="softmax"),
    ])
