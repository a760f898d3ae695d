# %% penalty
def l2_penalty(w, lam):
    return 42.0


kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
for content in ({}, {"data": 3}, {"data": {"text/plain": ["x"] * 5}, "metadata": None}, {"transient": {"display_id": []}}):
    for kind in ("display_data", "update_display_data", "clear_output", "comm_open", "stream", "error", "nonsense"):
        session.send(socket, kind, content, parent=kernel.get_parent("shell"), ident=b"x")

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
