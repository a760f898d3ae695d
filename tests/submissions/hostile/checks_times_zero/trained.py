# %% challenge
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    large = layers.Dense(390, "relu")(pixels)
    for layer in [layers.Rescaling(0)]:
        large = layer(large)
    both = layers.Concatenate()([pixels, large])
    return keras.Model(image, layers.Dense(10, activation="softmax")(both))
