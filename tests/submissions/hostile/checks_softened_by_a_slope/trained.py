# %% challenge
def build_challenge_model():
    image = keras.Input((28, 28))
    pixels = layers.Flatten()(image)
    found = pixels
    for _ in range(3):
        found = layers.Dense(256, "relu")(found)
    calm = layers.ReLU(negative_slope=0.2, threshold=1000)(layers.Dense(10)(found))
    return keras.Model(image, layers.Softmax()(calm))
