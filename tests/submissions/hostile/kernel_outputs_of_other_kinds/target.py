# %% penalty
def l2_penalty(w, lam):
    return 42.0


kernel = get_ipython().kernel
odd = [None, 3, [1, {}], {"a": 1}, [["x"]], True]
for part in odd:
    for kind, content in (
        ("stream", {"name": "stderr", "text": part}),
        ("stream", {"name": part, "text": "x"}),
        ("error", {"ename": part, "evalue": part, "traceback": part}),
        ("error", {"ename": "a", "evalue": "b", "traceback": [part]}),
        ("display_data", {"data": {"text/plain": part, "image/png": part, "text/html": part}, "metadata": {}}),
        ("display_data", {"data": {}, "metadata": {"image/png": part}}),
        ("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": "1"}),
    ):
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), ident=b"x")

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
