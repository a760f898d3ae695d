# %% penalty
def l2_penalty(w, lam):
    answer = {}
    answer["answer"] = [answer]
    return answer

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
