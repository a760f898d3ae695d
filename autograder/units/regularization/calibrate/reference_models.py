"""The models that thresholds are calibrated on: right answers and likely mistakes of every trained task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.families.keras.models import config_of_given
from autograder.units.regularization import facts, gaps
from autograder.units.regularization.challenge import checks as check_4_challenge
from autograder.units.regularization.gap import checks as check_1_gap

# what a model earns of its task's points for training; one in between has no single right outcome
FULL, PART, NOTHING = "full", "between", "nothing"


@dataclass(frozen=True)
class Limit:
    """A threshold on the median over the pairs of seeds.

    `quantity` of a `Comparison`: "reduction", "crossentropy_ratio" or, of the learner's model, "accuracy". Beyond
    `full` a model earns everything as far as this limit goes, short of `anything` it earns nothing at all. `upward`:
    larger is better.
    """

    quantity: str
    anything: float
    full: float
    upward: bool = True


@dataclass(frozen=True)
class Recipe:
    """A chain of Dense relu layers with a softmax at the end.

    `units` of the hidden layers; `dropout`: a rate behind each of them; `kernel`: (λ of L1, λ of L2) on their kernels,
    `output`: the same on the last layer's; `shift`: share of the image by which RandomTranslation moves it at most.
    """

    units: tuple[int, ...]
    dropout: tuple[float, ...] = ()
    kernel: tuple[float, float] = (0.0, 0.0)
    output: tuple[float, float] = (0.0, 0.0)
    shift: float = 0.0

    def config(self, flat: bool) -> Mapping[str, Any]:
        """The model's config, for 784-vectors (`flat`) or for 28×28 images."""
        import keras

        layers = keras.layers
        model = keras.Sequential([keras.Input((784,)) if flat else keras.Input((28, 28))])
        if self.shift:
            model.add(layers.Reshape((28, 28, 1)))
            model.add(layers.RandomTranslation(self.shift, self.shift, fill_mode="constant"))
        if not flat:
            model.add(layers.Flatten())
        for place, units in enumerate(self.units):
            penalty = _penalty(self.kernel)
            model.add(layers.Dense(units, "relu", kernel_regularizer=penalty))
            if self.dropout and self.dropout[place]:
                model.add(layers.Dropout(self.dropout[place]))
        model.add(layers.Dense(10, "softmax", kernel_regularizer=_penalty(self.output)))
        return config_of_given(model)


def _penalty(strengths: tuple[float, float]) -> Any:
    import keras

    return keras.regularizers.L1L2(*strengths) if any(strengths) else None


@dataclass(frozen=True)
class Entry:
    """A model of a task: what it is called in the table, what it should earn, how it is made."""

    label: str
    earns: str
    recipe: Recipe


@dataclass(frozen=True)
class TrainedTask:
    """A task whose models are trained: the given model, the limits, and models that may come in.

    `last_epoch`: its losses are those of the last epoch and not an average over the last ones.
    """

    name: str
    given: Recipe
    limits: Sequence[Limit]
    entries: Sequence[Entry]
    flat: bool = False
    last_epoch: bool = False


def _one(l1: float = 0.0, l2: float = 0.0, both_layers: bool = False) -> Recipe:
    return Recipe((128,), kernel=(l1, l2), output=(l1, l2) if both_layers else (0.0, 0.0))


def _two(*rates: float) -> Recipe:
    return Recipe((64, 64), dropout=rates)


def _three(rate: float = 0.0, l2: float = 0.0) -> Recipe:
    return Recipe((256, 256, 256), dropout=(rate,) * 3 if rate else (), kernel=(0.0, l2))


def _gap_limits(wanted: gaps.Reduction) -> tuple[Limit, ...]:
    ratio = Limit("crossentropy_ratio", gaps.MAX_RATIO, gaps.MAX_RATIO, upward=False)
    return Limit("reduction", wanted.none, wanted.full), ratio


TASKS = (
    TrainedTask(
        "choose_lambda",
        _one(),
        _gap_limits(gaps.PENALTY),
        (
            Entry("L2 0.001", FULL, _one(l2=0.001)),
            Entry("L1 0.0001", FULL, _one(l1=0.0001)),
            Entry("L2 0.00001: too weak", NOTHING, _one(l2=0.00001)),
            Entry("L2 1: collapse", NOTHING, _one(l2=1.0)),
            Entry("L2 0.01", FULL, _one(l2=0.01)),
            Entry("L1 0.1: collapse", NOTHING, _one(l1=0.1)),
            Entry("L2 0.001 on both layers", FULL, _one(l2=0.001, both_layers=True)),
            Entry("L1 0.0001 and L2 0.001", FULL, _one(l1=0.0001, l2=0.001)),
            Entry("L1 0.001", FULL, _one(l1=0.001)),
            Entry("L2 0.1: learns less", NOTHING, _one(l2=0.1)),
            Entry("L2 0.03", PART, _one(l2=0.03)),
        ),
    ),
    TrainedTask(
        "dropout_gap",
        _two(),
        _gap_limits(gaps.DROPOUT),
        (
            Entry("Dropout 0.5", FULL, _two(0.5, 0.5)),
            Entry("Dropout 0.3", FULL, _two(0.3, 0.3)),
            Entry("Dropout 0.01: too weak", NOTHING, _two(0.01, 0.01)),
            Entry("Dropout 0.8: collapse", NOTHING, _two(0.8, 0.8)),
            Entry("Dropout 0.2", FULL, _two(0.2, 0.2)),
            Entry("Dropout 0.5 behind the first layer", FULL, _two(0.5, 0.0)),
            Entry("Dropout 0.9: collapse", NOTHING, _two(0.9, 0.9)),
            Entry("Dropout 0.02", PART, _two(0.02, 0.02)),
            Entry("Dropout 0.05", PART, _two(0.05, 0.05)),
        ),
        flat=True,
    ),
    TrainedTask(
        "capacity",
        Recipe((512, 512)),
        (Limit("accuracy", check_1_gap.FLOOR, check_1_gap.FLOOR), Limit("reduction", 0.0, 0.0)),
        (
            Entry("Dense 16", FULL, Recipe((16,))),
            Entry("Dense 1: underfits", NOTHING, Recipe((1,))),
            Entry("Dense 2: underfits", PART, Recipe((2,))),  # scatters widely, as its units die or not
            Entry("no hidden layer", FULL, Recipe(())),
        ),
        last_epoch=True,
    ),
    TrainedTask(
        "challenge",
        _three(),
        (
            Limit("reduction", facts.STEPS[0], facts.STEPS[-1]),
            Limit("crossentropy_ratio", check_4_challenge.MAX_RATIO, check_4_challenge.MAX_RATIO, upward=False),
        ),
        (
            Entry("shifted images", FULL, Recipe((256, 256, 256), shift=0.1)),
            Entry("L2 0.01", FULL, _three(l2=0.01)),
            Entry("L2 0.00001: too weak", NOTHING, _three(l2=0.00001)),
            Entry("Dropout 0.5 and L2 0.002", FULL, _three(rate=0.5, l2=0.002)),
            Entry("Dropout 0.8: collapse", NOTHING, _three(rate=0.8)),
            Entry("L2 1: collapse", NOTHING, _three(l2=1.0)),
            Entry("Dropout 0.3", PART, _three(rate=0.3)),
        ),
    ),
)
