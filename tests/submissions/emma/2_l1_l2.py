# %% l1_layer
def build_l1_model():
    return keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.L2(0.0001)),
        keras.layers.Dense(10, activation="softmax"),
    ])
