"""The Fashion-MNIST subset that ships with the course: nothing is downloaded at run time.

Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747; MIT licence, © Zalando SE) has 70,000
grey images of 28×28 pixels in 10 classes. The course uses 200 images of each class in each part:

    train, validation   2,000 each, from its training set: what learners receive
    hidden              2,000, from its test set: for graders only

`scripts/make_dataset` makes both files again from Debian's package `dataset-fashion-mnist`.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.errors import SetupError
from autograder.i18n import _

DATA_DIR = Path(__file__).parent / "data"
Part = Literal["train", "validation", "hidden"]
FILES: dict[Part, tuple[str, str]] = {
    "train": ("fashion_mnist_learners.npz", "train"),
    "validation": ("fashion_mnist_learners.npz", "val"),
    "hidden": ("fashion_mnist_hidden.npz", "hidden"),
}
# SHA-256 over the bytes of the images (uint8, C order) followed by those of the labels (uint8)
CHECKSUMS: dict[Part, str] = {
    "train": "0c63921dffdc63e5da157bc7e804e48b932bc9d1c24ada38ee03bad50feffa49",
    "validation": "54eddad80c0daffc36ef90f18d942cb80bd0192c8bccbe97c90f4b8096fbe0d7",
    "hidden": "4771e052e3728f105d81e564ebd7154d4b5cf03565c9dc61b6327938f54b3cac",
}


class Images(NamedTuple):
    """`x` (n, 28, 28) float32, grey levels divided by 255 so that they lie in [0, 1]; `y` (n,) int32, classes 0..9."""

    x: NDArray[np.float32]
    y: NDArray[np.int32]


def checksum(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """SHA-256 of the pixels followed by the labels, as a hexadecimal string."""
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()


@cache
def load(part: Part) -> Images:
    """One part of the subset, balanced and in a fixed shuffled order.

    Raises:
        SetupError: the file is missing or is not the one this version was calibrated on.
    """
    file, key = FILES[part]
    path = DATA_DIR / file
    if not path.exists():
        raise SetupError(_("The data file {file} is missing. Run: python scripts/make_dataset"), file=file)
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays[f"x_{key}"], arrays[f"y_{key}"]
    if checksum(images, labels) != CHECKSUMS[part]:
        raise SetupError(_("The data file {file} is not the original. Run: python scripts/make_dataset"), file=file)
    return Images(images.astype("float32") / np.float32(255), labels.astype("int32"))
