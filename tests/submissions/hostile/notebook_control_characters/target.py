# %% penalty
def l2_penalty(w, lam):
    return 42.0


from IPython.display import HTML, Markdown, display

odd = "".join(map(chr, [*range(32), 127, 0x85, 0x2028, 0x202E, 0xFEFF, 0xFFFE, 0xFFFF, 0x1F600, 0x10FFFF]))
print(odd)
display(HTML(f"<b{odd}>{odd}</b>"), Markdown(f"`{odd}` [{odd}](https://{odd})"))
raise type(f"E{odd}".replace("\0", ""), (Exception,), {})(odd)

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
