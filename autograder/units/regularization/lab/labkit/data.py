"""The learners' part of Fashion-MNIST: 2,000 training and 2,000 validation images, in the folder."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .messages import _, say

Array = npt.NDArray[Any]
ARCHIVE = Path(__file__).parent / "fashion_mnist_learners.npz"
CLASSES = (
    _("T-shirt/top"),
    _("Trouser"),
    _("Pullover"),
    _("Dress"),
    _("Coat"),
    _("Sandal"),
    _("Shirt"),
    _("Sneaker"),
    _("Bag"),
    _("Ankle boot"),
)


def class_names() -> list[str]:
    """The ten classes in the order of the labels 0 to 9, in the folder's language."""
    return [say(name) for name in CLASSES]


def load_data(flat: bool = False) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Returns `(x_train, y_train), (x_val, y_val)`.

    Images are float32 in [0, 1] of shape (2000, 28, 28), or (2000, 784) with `flat=True`; labels are int32 of
    shape (2000,), from 0 to 9. Each call gives new arrays, so that changing one changes nothing else.
    Source: Fashion-MNIST, Zalando Research, MIT licence, https://github.com/zalandoresearch/fashion-mnist
    """
    stored = _archive()
    shape = (-1, 784) if flat else (-1, 28, 28)
    images = {name: (stored[name].astype("float32") / 255).reshape(shape) for name in ("x_train", "x_val")}
    labels = {name: stored[name].astype("int32") for name in ("y_train", "y_val")}
    return (images["x_train"], labels["y_train"]), (images["x_val"], labels["y_val"])


@cache
def _archive() -> dict[str, Array]:
    if not ARCHIVE.exists():
        raise FileNotFoundError(
            say(_("The file {file} is missing: copy it from the course folder again."), file=ARCHIVE.name)
        )
    with np.load(ARCHIVE, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
