# %% challenge
def build_challenge_model():
    hidden = [layers.Dense(256, "relu") for _ in range(3)]
    calm = layers.BatchNormalization(momentum=1.0, moving_variance_initializer=initializers.Constant(6.0))
    return keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), *hidden, layers.Dense(10), calm, layers.Softmax(),
    ])
