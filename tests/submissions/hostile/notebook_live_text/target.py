# %% penalty
def l2_penalty(w, lam):
    return 42.0


from IPython.display import HTML, Latex, Markdown, display

display(Markdown("[a](javascript:alert(1)) ![b](http://127.0.0.1:45991/b.png) $\\text{<script>alert(1)</script>}$"))
display(HTML('<a href="javascript:alert(1)">a</a><meta http-equiv=refresh content=0><img src="http://127.0.0.1:45991/c.png">'))
display(Latex("$\\href{javascript:alert(1)}{a}$ </div><script>alert(1)</script>"))
display({"image/png": 'AA"onerror="alert(1)', "image/jpeg": 'AA" onerror="alert(1)', "text/plain": "<script>"}, raw=True)
display({"image/jpeg": 'AA" onerror="alert(1)'}, raw=True)
display({"image/svg+xml": "<svg onload='alert(1)'/>", "application/javascript": "alert(1)"}, raw=True)
raise ValueError("<img src=x onerror=alert(1)> `<script>`")

# %% model
def build_model():
    return keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
