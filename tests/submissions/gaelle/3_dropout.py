# %% inverted
def dropout(x, rate, training, rng):
    if not training:
        return x.copy()
    return x * (rng.random(x.shape) >= rate)
