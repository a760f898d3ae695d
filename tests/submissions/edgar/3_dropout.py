# %% uncertainty
import time


def predict_with_dropout(model, x, n):
    return None


while predict_with_dropout(None, None, 1) is None:
    time.sleep(0.1)  # until it gives something
