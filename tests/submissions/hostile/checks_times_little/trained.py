# %% challenge
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    many = layers.Concatenate()([pixels, *(layers.Rescaling(1e-6)(pixels) for _ in range(39))])
    return keras.Model(image, layers.Dense(10, activation="softmax")(many))
