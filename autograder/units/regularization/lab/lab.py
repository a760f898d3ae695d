"""The one module that the notebooks import: `import lab`.

It needs the folder `labkit` beside it, TensorFlow and matplotlib, and no network:
`pip install tensorflow matplotlib jupyterlab`. Besides the names below it has every `check_…` and `plot_…`
function of the modules `labkit/checks_….py` and `labkit/pictures_….py`.
"""

import labkit  # type: ignore[import-not-found,unused-ignore]

__all__ = sorted(labkit.public)
globals().update(labkit.public)
