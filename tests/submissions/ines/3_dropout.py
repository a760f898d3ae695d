# %% dropout_gap
def build_less_overfit_model():
    return keras.Sequential([
        keras.Input((784,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.9),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.9),
        keras.layers.Dense(10, activation="softmax"),
    ])
