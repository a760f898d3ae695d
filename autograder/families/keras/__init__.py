"""Keras: its models as data, built again from an allow-list, and trained again.

    evidence.py      a model as data                    kernel_side.py   its other half, in the learner's kernel
    rebuild.py       a learner's model, built again     models.py        what a check looks at on a model
    names.py         what it may hold                   allowed.py       whether a config names nothing else
    costs.py         what a model costs                 sizes.py         whether a config stays below the bounds
    use.py           how much of a model is used     hidden.py       a model of ours, for a learner's function
    training.py      the compiled training loop         inputs.py        what it takes as inputs
    trainer.py       in which process it runs           runs.py          trainings for grades, paired by seeds
    requests.py      trainings that a kernel asks for

Importing this package imports no Keras: `preload` says where that happens.
"""

from pathlib import Path

from autograder.families.keras.evidence import encode, model
from autograder.unit import Family

_FOLDER = Path(__file__).parent

family = Family(
    name="keras",
    kernel_side=(_FOLDER / "kernel_side.py").read_text(encoding="utf-8"),
    decode={"model": model},
    encode=encode,
    preload=(
        "keras",
        "tensorflow",
        "autograder.families.keras.trainer",
        "autograder.families.keras.models",
        "autograder.families.keras.requests",
    ),
    prepare="autograder.families.keras.runs.single_threaded",
    helper="autograder.families.keras.trainer.work",
    warm=("numpy.random", "tensorflow", "keras", "matplotlib.pyplot"),
    packages=("keras", "tensorflow", "numpy"),
    noise=r"WARNING: All log messages before absl|[IWEF]\d{4} |\d{4}-\d\d-\d\d .*tensorflow/",
    folder=_FOLDER,
)
