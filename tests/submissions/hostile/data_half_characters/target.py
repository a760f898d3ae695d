# %% penalty
def l2_penalty(w, lam):
    raise ValueError("\ud800" * 5)


class Half(Exception):
    pass


Half.__name__ = Half.__qualname__ = "\udfff"
kernel = get_ipython().kernel
for kind, content in (
    ("stream", {"name": "stdout", "text": "\ud800"}),
    ("error", {"ename": "\ud800", "evalue": "\udc00", "traceback": ["\ud800"]}),
    ("display_data", {"data": {"text/plain": "\ud800", "text/html": "<b>\ud800</b>"}, "metadata": {}}),
):
    packed = kernel.session.pack
    kernel.session.pack = lambda value: __import__("json").dumps(value, default=str).encode()
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"), ident=b"x")
    kernel.session.pack = packed
raise Half("\ud800")

# %% model
def build_model():
    raise Half("\udfff")
