"""Train models on our data with our seeds, in pairs, and compare their validation gaps.

The gap is the cross-entropy on images that no training saw minus the one on the training images, both without
penalties and in inference mode. Two models that are compared share seeds: the order of the rows, and the initial
weights where their shapes are the same, so that what differs is the regularization (docs/calibration.md).
"""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograder.errors import EvidenceRefused
from autograder.families.keras import rebuild, trainer
from autograder.families.keras.anonymous import anonymous
from autograder.families.keras.use import EXAMPLES, weights_that_matter
from autograder.i18n import _
from autograder.store import Store, key_of

EPOCHS, BATCH, LEARNING_RATE = 40, 32, 1e-3
PAIRS = 4  # seeds per comparison
# where losses are measured, which costs as much as training: grades look at the last epochs, pictures at the whole
MEASURED = (*range(0, EPOCHS - 10, 4), *range(EPOCHS - 10, EPOCHS))
LARGEST = 1e6  # nats: a cross-entropy is at most 16, a penalty that lets a model learn some ten
VERSION = 4  # of everything here that changes a run's numbers

Examples = tuple[Any, Any]  # x (n, ...), y (n,)
Describe = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Data(NamedTuple):
    """A unit's data. `load`: name of a part → its examples; `identity`: JSON that changes when the data do.

    Models are trained on the part "train".
    """

    load: Callable[[str], Examples]
    identity: Any


class Run(NamedTuple):
    """One training: final cross-entropies (train, held-out), held-out accuracy, curves with one value an epoch.

    Between the epochs in MEASURED the curves are straight.

    `penalty` is what the regularizers add to the loss at the end, in nats; `in_use` how many weights then matter, where
    it was asked for (`use.weights_that_matter`).
    """

    train: float
    held_out: float
    accuracy: float
    train_curve: list[float]
    held_out_curve: list[float]
    penalty: float = 0.0
    in_use: int = 0

    @property
    def collapsed(self) -> bool:
        """Whether any of its numbers is not finite, or so large that Adam's squares of gradients may not be.

        Nothing can be compared with such a training: where the squares overflow, weights no longer move, as if frozen.
        """
        numbers = (self.train, self.held_out, self.accuracy, self.penalty, *self.train_curve, *self.held_out_curve)
        return not all(abs(number) <= LARGEST for number in numbers)

    @property
    def gap(self) -> float:
        """Held-out minus training cross-entropy, in nats."""
        return self.held_out - self.train


@dataclass(frozen=True)
class Comparison:
    """A learner's model beside the given one, seed by seed. `about`: what else the unit's charts want to know.

    When one of the trainings collapsed, the model did: its cross-entropy then counts as infinite and its gap as not
    reduced.
    """

    given: Sequence[Run]
    theirs: Sequence[Run]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def collapsed(self) -> bool:
        """Whether a training of the learner's model ended in numbers that are not finite."""
        return any(run.collapsed for run in self.theirs)

    @property
    def reductions(self) -> list[float]:
        """Per seed, the share of the given model's gap that is gone: 1 − gap/given gap."""
        if self.collapsed:
            return [-math.inf] * len(self.theirs)
        return [1 - t.gap / g.gap for g, t in zip(self.given, self.theirs, strict=True)]

    @property
    def reduction(self) -> float:
        """Median over the seeds."""
        return statistics.median(self.reductions)

    @property
    def crossentropy_ratios(self) -> list[float]:
        """Per seed, held-out cross-entropy divided by the given model's."""
        if self.collapsed:
            return [math.inf] * len(self.theirs)
        return [t.held_out / g.held_out for g, t in zip(self.given, self.theirs, strict=True)]

    @property
    def crossentropy_ratio(self) -> float:
        """Median over the seeds."""
        return statistics.median(self.crossentropy_ratios)

    def picture(self) -> dict[str, Any]:
        """Median curves of both and the range of the reduction, for the feedback page; all of its numbers are finite.

        A collapsed model has no "reduction", and its curves end before the first epoch that is not finite.
        """
        range_of = (min(self.reductions), self.reduction, max(self.reductions))
        return {
            "given": _median_curves(self.given),
            "theirs": _median_curves(self.theirs),
            **({} if self.collapsed else {"reduction": [round(v, 4) for v in range_of]}),
            **self.about,
        }


class Trainer:
    """Trains by config, each (config, seed) once: `store` remembers."""

    def __init__(
        self, store: Store | None, seeds: Sequence[int], data: Data, describe: Describe = lambda c: {}
    ) -> None:
        """`seeds`: one per pair. `describe`: a compared config → what charts want to know of it, as JSON."""
        self.store = store
        self.seeds = list(seeds)
        self.data = data
        self.describe = describe

    def compare(
        self,
        given: Mapping[str, Any],
        theirs: Mapping[str, Any],
        *,
        flat: bool = False,
        in_use: bool = False,
        decided: Callable[[Comparison], bool] = lambda comparison: False,
    ) -> Comparison:
        """Train both configs with each seed, the learner's from the given model's initial weights where they fit.

        `in_use`: whether to look which of the learner's weights matter. `decided`: asked after each pair whether those
        so far are enough; by default all are trained.
        """
        about, pairs = self.describe(theirs), []
        ours = self._each(given, None, flat, "hidden")
        for pair in zip(ours, self._each(theirs, given, flat, "hidden", in_use), strict=True):
            pairs.append(pair)
            comparison = Comparison([g for g, _t in pairs], [t for _g, t in pairs], about)
            if decided(comparison):
                break
        return comparison

    def runs(
        self,
        config: Mapping[str, Any],
        start: Mapping[str, Any] | None = None,
        *,
        flat: bool = False,
        held_out: str = "hidden",
        pairs: int | None = None,
    ) -> list[Run]:
        """One run per seed.

        Arguments:
            start: a config whose initial weights are taken when the shapes agree.
            flat: each example as one vector.
            held_out: the part of the data that the gap is measured on.
            pairs: the first so many of the seeds; all of them by default.
        """
        return list(islice(self._each(config, start, flat, held_out), pairs))

    def _each(
        self,
        config: Mapping[str, Any],
        start: Mapping[str, Any] | None,
        flat: bool,
        held_out: str,
        in_use: bool = False,
    ) -> Iterator[Run]:
        """See `runs` and `compare`. A seed is trained when its run is asked for."""
        setting = [VERSION, EPOCHS, BATCH, LEARNING_RATE, flat, held_out, in_use, self.data.identity, versions()]
        models = anonymous(config), start and anonymous(start)
        for seed in self.seeds:
            key = key_of("run", setting, *models, seed)
            found = self.store.get(key) if self.store else None
            if found is not None:
                yield Run(*found)
                continue
            with _about_the_model():
                run = _trained(
                    config, start, self._examples("train", flat), self._examples(held_out, flat), seed, in_use
                )
            if self.store:
                self.store.put(key, list(run))
            yield run

    def _examples(self, part: str, flat: bool) -> Examples:
        x, y = self.data.load(part)
        return (x.reshape(len(x), -1) if flat else x), y


@contextmanager
def _about_the_model() -> Iterator[None]:
    """A model that Keras cannot train is refused. That this machine cannot is nobody's fault but ours."""
    import tensorflow as tf

    try:
        yield
    except (MemoryError, OSError, RuntimeError, tf.errors.ResourceExhaustedError):
        raise
    except Exception as error:  # Keras and TensorFlow raise nearly everything here, and all of it is about the model
        raise EvidenceRefused(NOT_TRAINED, reason=type(error).__name__) from error


NOT_TRAINED = _(
    "Keras can build your model, but our training of the model stopped with {reason}: look at the shapes that its "
    "layers are given."
)


def _trained(
    config: Mapping[str, Any],
    start: Mapping[str, Any] | None,
    train: Examples,
    held_out: Examples,
    seed: int,
    in_use: bool,
) -> Run:
    """The run of one seed. See `Trainer.runs` and `Trainer.compare`."""
    model = _fresh(config, seed)
    settings: dict[str, Any] = {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": LEARNING_RATE, "seed": seed}
    beginning = _beginning(model, start, seed)
    logs, variables, _loss = trainer.train(config, beginning, train, held_out, MEASURED, **settings)
    if not in_use:
        return _run(logs, 0)
    for variable, value in zip(model.variables, variables, strict=True):
        variable.assign(value)
    return _run(logs, weights_that_matter(model, train[0][:EXAMPLES]))


def _run(logs: Mapping[str, list[float]], in_use: int) -> Run:
    return Run(
        logs["crossentropy"][-1],
        logs["val_crossentropy"][-1],
        logs["val_accuracy"][-1],
        _curve(logs["crossentropy"]),
        _curve(logs["val_crossentropy"]),
        logs["val_loss"][-1] - logs["val_crossentropy"][-1],
        in_use,
    )


def _curve(measured: Sequence[float]) -> list[float]:
    """A value for each epoch from those that were measured."""
    with np.errstate(invalid="ignore"):
        return [round(float(v), 4) for v in np.interp(range(EPOCHS), MEASURED, measured)]


def _fresh(config: Mapping[str, Any], seed: int) -> Any:
    import keras

    keras.utils.set_random_seed(seed % (1 << 32))
    return rebuild.build(config)


def _beginning(model: Any, start: Mapping[str, Any] | None, seed: int) -> list[Any]:
    """The variables that a fresh model's training begins with: weights of `start` where they fit, seeded generators."""
    shared = _fresh(start, seed).get_weights() if start is not None else []
    if [w.shape for w in shared] == [tuple(w.shape) for w in model.weights]:
        model.set_weights(shared)
    return [
        np.array([seed % (1 << 31), number], variable.dtype)
        if "seed_generator_state" in variable.path
        else variable.numpy()
        for number, variable in enumerate(model.variables)
    ]


def _median_curves(runs: Sequence[Run]) -> dict[str, list[float]]:
    pick: dict[str, Callable[[Run], list[float]]] = {
        "train": lambda r: r.train_curve,
        "held_out": lambda r: r.held_out_curve,
    }
    with np.errstate(invalid="ignore"):
        medians = {name: np.median([f(r) for r in runs], axis=0).round(4) for name, f in pick.items()}
    finite = np.all([np.isfinite(values) for values in medians.values()], axis=0)
    end = len(finite) if finite.all() else int(finite.argmin())
    return {name: values[:end].tolist() for name, values in medians.items()}


@cache
def versions() -> list[str]:
    """Of what computes: Keras, TensorFlow, and our training by its text."""
    import keras
    import tensorflow as tf

    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("inputs.py", "training.py")]
    return [keras.__version__, tf.__version__, key_of(*texts)]


def single_threaded() -> None:
    """TensorFlow's threads: one, since the workers fill the machine's cores. Before any operation runs."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
