# %% penalty
def l2_penalty(w, lam):
    return ["x" * 20_000] * 10_000

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
