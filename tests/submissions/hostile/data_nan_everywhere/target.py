# %% penalty
def l2_penalty(w, lam):
    return float("nan")

# %% model
def build_model():
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)])
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    return model
