# %% challenge
def build_challenge_model():
    hidden = [layer for _ in range(3) for layer in (layers.Dense(256, "relu"), layers.LayerNormalization(epsilon=1e6),)]
    return keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), *hidden, layers.Dense(10, activation="softmax"),
    ])
