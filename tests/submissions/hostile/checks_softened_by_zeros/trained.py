# %% challenge
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    found = pixels
    for _ in range(3):
        found = layers.Dense(256, "relu")(found)
    row = layers.Reshape((1, 10))(layers.Dense(10)(found))
    mean = layers.GlobalAveragePooling1D()(layers.ZeroPadding1D((0, 4))(row))
    return keras.Model(image, layers.Softmax()(mean))
