"""Models that differ in strengths alone share a compiled program, and each is trained as if it had been the first."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, regularizers

from autograder.families.keras import inputs, training
from autograder.families.keras.inputs import Masks, Strengths
from autograder.families.keras.training import Programs, TrainingLoop, train, twin_of

RNG = np.random.default_rng(0)
DATA = (RNG.random((96, 12), "float32"), RNG.integers(3, size=96)), (RNG.random((32, 12), "float32"), np.arange(32) % 3)
Make = Callable[[float], Any]  # a strength → a model


def chain(*stack: Any) -> Any:
    return keras.Sequential([keras.Input((12,)), *stack, layers.Dense(3, "softmax")])


def dense(**regularization: Any) -> Any:
    return layers.Dense(8, "relu", **regularization)


def nested(strength: float) -> Any:
    inner = keras.Sequential([keras.Input((12,)), dense(), layers.Dropout(strength)])
    x = keras.Input((12,))
    return keras.Model(x, layers.Dense(3, "softmax")(layers.Dropout(strength / 2)(inner(x))))


def always_on(strength: float) -> Any:
    x = keras.Input((12,))
    return keras.Model(x, layers.Dense(3, "softmax")(layers.Dropout(strength)(x, training=True)))


SHARED: dict[str, Make] = {
    "L2": lambda s: chain(dense(kernel_regularizer=regularizers.L2(s))),
    "L1 on a bias": lambda s: chain(dense(bias_regularizer=regularizers.L1(s))),
    "L1L2": lambda s: chain(dense(kernel_regularizer=regularizers.L1L2(s, s / 2))),
    "L2 and BatchNormalization": lambda s: chain(
        dense(kernel_regularizer=regularizers.L2(s)), layers.BatchNormalization(gamma_regularizer=regularizers.L1(s))
    ),
    "Dropout": lambda s: chain(layers.Dropout(s), dense(), layers.Dropout(1 - s)),
    "both": lambda s: chain(dense(kernel_regularizer=regularizers.L2(s)), layers.Dropout(s)),
    "a model in a model": nested,
    "Dropout that is always on": always_on,
    "an LSTM": lambda s: chain(layers.Reshape((3, 4)), layers.LSTM(4, recurrent_regularizer=regularizers.L2(s))),
}
OWN: dict[str, Make] = {
    "GaussianNoise": lambda s: chain(layers.GaussianNoise(s), dense()),
    "GaussianDropout": lambda s: chain(layers.GaussianDropout(s), dense()),
    "SpatialDropout1D": lambda s: chain(layers.Reshape((3, 4)), layers.SpatialDropout1D(s), layers.Flatten()),
    "Dropout with a noise_shape": lambda s: chain(layers.Dropout(s, noise_shape=(None, 1)), dense()),
    "a penalty on activity": lambda s: chain(dense(activity_regularizer=regularizers.L2(s))),
    "ActivityRegularization": lambda s: chain(dense(), layers.ActivityRegularization(l2=s)),
    "orthogonality": lambda s: chain(dense(kernel_regularizer=regularizers.OrthogonalRegularizer(s))),
    "Dropout inside an LSTM": lambda s: chain(layers.Reshape((3, 4)), layers.LSTM(4, dropout=s)),
    "Dropout step by step": lambda s: chain(
        layers.Reshape((3, 4)), layers.TimeDistributed(layers.Dropout(s, name="inner")), layers.Flatten()
    ),
    "MaxNorm": lambda s: chain(dense(kernel_constraint=keras.constraints.MaxNorm(s))),
}


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    """None is compiled yet."""
    found = Programs()
    monkeypatch.setattr(training, "_programs", found)
    return found


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by one with each program that is compiled."""
    found: list[Any] = []
    compile_it = training._compiled

    def counted(*what: Any) -> Any:
        found.append(what)
        return compile_it(*what)

    monkeypatch.setattr(training, "_compiled", counted)
    return found


def begin(model: Any) -> Any:
    """The same model, at the same variables for all of its structure."""
    rng = np.random.default_rng(1)
    for number, variable in enumerate(model.variables):
        is_generator = "seed_generator_state" in variable.path
        variable.assign([3, number] if is_generator else rng.uniform(0.1, 0.6, variable.shape))
    return model


def trained(model: Any) -> tuple[Any, list[Any]]:
    """Curves and the variables at the end."""
    return train(begin(model), *DATA, epochs=3, batch_size=16, seed=2), [v.numpy() for v in model.variables]


def same(one: Any, other: Any, **within: float) -> bool:
    """To the bit, or within a tolerance."""
    pairs = zip([*one[0].values(), *one[1]], [*other[0].values(), *other[1]], strict=True)
    return all(np.allclose(a, b, **within) if within else np.array_equal(a, b) for a, b in pairs)


def some(*labels: str) -> list[Any]:
    """Every kind of model; all but these are slow."""
    return [pytest.param(k, marks=() if k in labels else pytest.mark.slow) for k in (*SHARED, *OWN)]


@pytest.mark.parametrize("label", some("both", "L2 and BatchNormalization", "GaussianNoise"))
def test_a_training_is_the_same_to_the_bit_whatever_was_trained_before(
    label: str, monkeypatch: pytest.MonkeyPatch, compiled: list[Any]
) -> None:
    make = {**SHARED, **OWN}[label]
    first = trained(make(0.3))
    monkeypatch.setattr(training, "_programs", Programs())
    other = trained(make(0.6))
    assert same(trained(make(0.3)), first)
    assert not same(other, first)
    assert len(compiled) == (2 if label in SHARED else 3)
    assert same(trained(make(0.3)), first)
    assert len(compiled) == (2 if label in SHARED else 3)


@pytest.mark.parametrize("label", some("L1L2", "a model in a model", "Dropout that is always on"))
def test_a_program_for_many_strengths_gives_what_a_program_for_this_one_gives(label: str) -> None:
    make = {**SHARED, **OWN}[label]
    model = begin(make(0.3))
    logs = TrainingLoop(model, DATA[0][0].shape, 16).run(*DATA, epochs=3, seed=2)
    trained(make(0.6))
    assert same(trained(make(0.3)), (logs, [v.numpy() for v in model.variables]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("label", [*SHARED, *OWN])
def test_numbers_that_are_no_input_tell_structures_apart(label: str) -> None:
    first, other, again = (Strengths(twin_of({**SHARED, **OWN}[label](s))) for s in (0.3, 0.6, 0.3))
    assert (first.structure == other.structure) == (label in SHARED)
    assert (first.values != other.values) == (label in SHARED)
    assert (first.structure, first.values) == (again.structure, again.values)


def test_a_penalty_of_zero_is_none() -> None:
    none = trained(chain(dense()))
    for label in ("L2", "L1 on a bias", "L1L2"):
        trained(SHARED[label](0.5))
        assert same(trained(SHARED[label](0.0)), none, rtol=1e-5, atol=1e-6)


def test_a_rate_of_zero_is_no_dropout() -> None:
    trained(chain(dense(), layers.Dropout(0.5)))
    assert same(trained(chain(dense(), layers.Dropout(0.0))), trained(chain(dense())))


def test_without_a_penalty_every_bit_is_that_of_a_program_of_its_own() -> None:
    model = begin(chain(dense(), layers.Dropout(0.5)))
    logs = TrainingLoop(model, DATA[0][0].shape, 16).run(*DATA, epochs=3, seed=2)
    assert same(trained(chain(dense(), layers.Dropout(0.5))), (logs, [v.numpy() for v in model.variables]))


def test_masks_too_large_to_be_drawn_for_an_epoch_change_nothing_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Masks, "MOST", 0)
    first = trained(SHARED["Dropout"](0.3))
    trained(SHARED["Dropout"](0.6))
    assert same(trained(SHARED["Dropout"](0.3)), first)


def test_a_sweep_compiles_once(compiled: list[Any]) -> None:
    for strength in (0.1, 0.01, 0.001, 0.0001):
        trained(SHARED["both"](strength))
    assert len(compiled) == 1


def test_the_programs_used_last_are_kept(
    compiled: list[Any], programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "KEPT", 3)

    def train_a(units: int) -> None:
        with programs.of(chain(layers.Dense(units)), (96, 12), 16):
            pass

    for units in (1, 2, 3, 1, 4):
        train_a(units)
    assert len(programs._kept) == 3
    assert len(compiled) == 4
    train_a(1)
    assert len(compiled) == 4
    train_a(2)
    assert len(compiled) == 5


def test_what_five_notebooks_ask_for_is_compiled_once_for_two_learners(compiled: list[Any], programs: Programs) -> None:
    structures = 20  # of the reference solutions, with demonstrations
    for _learner in range(2):
        for units in range(1, structures + 1):
            with programs.of(chain(layers.Dense(units)), (96, 12), 16):
                pass
    assert len(compiled) == structures


def test_a_training_that_is_broken_off_leaves_what_it_came_to_and_no_program(programs: Programs) -> None:
    def stop(epoch: int, _row: Any) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    model = chain(dense())
    before = model.get_weights()
    with pytest.raises(KeyboardInterrupt):
        train(model, *DATA, epochs=9, batch_size=16, on_epoch=stop)
    assert not np.array_equal(model.get_weights()[0], before[0])
    assert not programs._kept


def test_a_learners_model_keeps_its_strengths_and_is_never_the_programs() -> None:
    model = SHARED["both"](0.3)
    trained(model)
    assert type(model.layers[0].kernel.regularizer) is regularizers.L2
    assert model.layers[0].kernel.regularizer.l2 == 0.3
    assert model.layers[1].rate == 0.3
    after = model.get_weights()
    trained(SHARED["both"](0.6))
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), after, strict=True))


class Mine(layers.Dense):
    """A learner's own layer."""


@keras.saving.register_keras_serializable("mine")
def registered(x: Any) -> Any:
    """A learner's own function, which they may define anew under this name."""
    return keras.ops.relu(x)


def with_a_late_penalty() -> Any:
    model = chain(dense())
    model.layers[0].kernel_regularizer = regularizers.L2(0.1)
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: chain(Mine(8)),
        lambda: chain(layers.Dense(8, registered)),
        lambda: chain(layers.Dense(8, lambda x: x)),
        lambda: chain(layers.Lambda(lambda x: 2 * x)),
        with_a_late_penalty,
    ],
)
def test_what_the_config_does_not_tell_all_of_is_trained_by_itself(make: Any, compiled: list[Any]) -> None:
    model = begin(make())
    before = model.get_weights()
    assert twin_of(model) is None
    trained(model)
    assert compiled == []
    assert not np.array_equal(model.get_weights()[0], before[0])


def test_a_penalty_that_two_places_share_is_an_input_at_one_of_them_alone() -> None:
    def shared(strength: float) -> Any:
        penalty = regularizers.L2(strength)
        return chain(dense(kernel_regularizer=penalty, activity_regularizer=penalty))

    first, other = (Strengths(twin_of(shared(s))) for s in (0.3, 0.6))
    assert first.values == [0.3]
    assert first.structure != other.structure
    assert inputs.NEUTRAL not in first.values


def test_a_training_takes_no_random_number_from_what_is_built_afterwards() -> None:
    keras.utils.set_random_seed(4)
    wanted = layers.Dense(3)
    wanted.build((None, 5))
    model = SHARED["both"](0.3)
    keras.utils.set_random_seed(4)
    trained(model)
    found = layers.Dense(3)
    found.build((None, 5))
    assert np.array_equal(found.kernel.numpy(), wanted.kernel.numpy())
