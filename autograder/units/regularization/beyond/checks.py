"""Checks of notebook 5_beyond: a regularizer of one's own, orthogonal units, and Dropout's relatives."""

# mypy: allow-untyped-defs, allow-untyped-decorators, allow-untyped-calls

from autograder.checks.api import Task, fail, require
from autograder.checks.values import close, match, numbers
from autograder.families.keras import models
from autograder.i18n import _
from autograder.units.regularization import penalties
from autograder.units.regularization.beyond import groups, noise, orthogonality
from autograder.units.regularization.given import given_dense
from autograder.units.regularization.l1_l2 import carried

# --- custom ----------------------------------------------------------------------------------------------------------

custom = Task("custom", lesson="custom-lesson")
dense_values = custom.call("penalty_value", groups.dense_kernels, problems=groups.VALUE_PROBLEMS)
conv_values = custom.call("penalty_value", groups.conv_kernels, problems=groups.VALUE_PROBLEMS)
restored = custom.call("restored_value", groups.round_trips, problems=groups.CONFIG_PROBLEMS)
saved = custom.call("saved_and_loaded_value", groups.round_trips, problems=groups.FILE_PROBLEMS)
fitted = custom.call("gradient_in_fit", groups.one_step, problems=groups.FIT_PROBLEMS)
registered = custom.call("registered_name", lambda rng: [[]])


@custom.check(points=0.5)
def dense_penalty(dense_values):
    """For the kernel of a dense layer, `GroupLasso` gives the group penalty."""
    match(dense_values, groups.penalty, groups.DENSE_MISTAKES, "penalty_value")


@custom.check(points=0.5, after=dense_penalty)
def conv_penalty(conv_values):
    """For the kernel of a convolution it does too."""
    match(conv_values, groups.penalty, groups.CONV_MISTAKES, "penalty_value")


@custom.check(points=2, after=dense_penalty)
def trains(fitted):
    """`fit` goes down the penalty's gradient."""
    for call in fitted:
        w, strength = call.arguments
        require(
            close(numbers(call.result, w.shape, "gradient_in_fit"), groups.gradient(w, strength)),
            _("In a step of `fit` the kernel does not move by the gradient of the group penalty: does everything in "
              "`__call__` go through `keras.ops`?"),
        )  # fmt: skip


@custom.check(points=0.5)
def built_again(restored):
    """Built again from its configuration, it has the same strength."""
    if groups.keeps_strength(restored, "restored_value"):
        return
    mistakes = {
        _("Built again from its configuration, your penalty has the default strength: what is missing there?"): (
            groups.forgotten
        )
    }
    match(restored, groups.penalty, mistakes, "restored_value")


@custom.check(points=0.5, after=built_again)
def saved_and_loaded(saved, registered):
    """A model that carries it can be saved, and read again; the class is registered in the package asked for."""
    if groups.keeps_strength(saved, "saved_and_loaded_value"):
        _require_package(registered[0].result)
        return
    mistakes = {
        _("In the model that was read again, the penalty has the default strength: what is missing in its file?"): (
            groups.forgotten
        )
    }
    match(saved, groups.penalty, mistakes, "saved_and_loaded_value")


def _require_package(name):
    require(
        isinstance(name, str) and name.startswith("beyond>"),
        _('Your class is registered as “{found}”: the package "beyond" was asked for.'),
        found=str(name)[:80],
    )


# --- orthogonal ------------------------------------------------------------------------------------------------------

orthogonal = Task("orthogonal", lesson="orthogonal-lesson")
orthogonal_model = orthogonal.model("build_orthogonal_model")


@orthogonal.check(points=0.5)
def hidden_layer_penalised(orthogonal_model):
    """The layers are the ones asked for, and the hidden one's kernel is penalised."""
    given, model = given_dense([128], flat=False), models.rebuilt(orthogonal_model, orthogonality.NAME)
    models.require_layers(model, given, orthogonality.NAME)
    models.require_same_answers(model, given, orthogonality.NAME)
    penalties.require_active(orthogonal_model, orthogonality.NAME)
    orthogonality.require_penalised(orthogonal_model)


@orthogonal.check(points=0.5, after=hidden_layer_penalised)
def nothing_else(orthogonal_model):
    """Nothing else is penalised, dropped or held by a constraint."""
    model = models.rebuilt(orthogonal_model, orthogonality.NAME)
    models.require_no_noise(model, orthogonality.NAME)
    models.require_unconstrained(model, orthogonality.NAME)
    carried.require_only(penalties.penalties(orthogonal_model, orthogonality.NAME), [penalties.HIDDEN_KERNEL])


@orthogonal.check(points=1, after=hidden_layer_penalised)
def units_kept_apart(orthogonal_model):
    """The penalty is that of orthogonality between the units, as strong as asked."""
    orthogonality.require_columns(orthogonal_model)


# --- noise_layers ----------------------------------------------------------------------------------------------------

noise_layers = Task("noise_layers", lesson="noise_layers-lesson")
conv = noise_layers.model("build_conv_model")
selu = noise_layers.model("build_selu_model")
noisy = noise_layers.model("build_noisy_model")


def _given(*layers):
    import keras

    output = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((28, 28)), *layers, output])


def _given_conv():
    from keras import layers

    conv = layers.Conv2D(16, 3, activation="relu")
    return _given(layers.Reshape((28, 28, 1)), conv, layers.MaxPooling2D(), layers.Flatten())


def _given_selu():
    from keras import layers

    return _given(layers.Flatten(), *(layers.Dense(64, activation="selu") for _place in range(2)))


def _given_noisy():
    from keras import layers

    return _given(layers.Flatten(), layers.Dense(64, activation="relu"))


GIVEN = {"build_conv_model": _given_conv, "build_selu_model": _given_selu, "build_noisy_model": _given_noisy}


@models.once_per_model
def _noises(data, name):
    """The random layers of a model that answers at inference as the given one does."""
    given, model = GIVEN[name](), models.rebuilt(data, name)
    models.require_layers(model, given, name)
    models.require_same_answers(model, given, name)
    models.require_unconstrained(model, name)
    carried = penalties.penalties(data, name)
    require(
        not carried.activity and not any(penalty.any for penalty in carried.weights),
        _("The model of `{name}` carries a penalty: nothing but noise was to be added."),
        name=name,
    )
    found = noise.noises(model)
    require(found, _("In training mode the model of `{name}` answers as at inference: no noise was added."), name=name)
    hidden = len(given.weights) // 2 - 1
    require(
        all(1 <= n.site <= hidden for n in found),
        _("In the model of `{name}`, noise acts on the input or on the output: it is meant for what is between them."),
        name=name,
    )
    return found


def _require_rates(found, rate):
    for one in found:
        require(
            abs(one.rate - rate) <= 0.03,
            _("The rate of your noise is {found:.2f}: compare with the share that the task asks for."),
            found=one.rate,
        )


@noise_layers.check(points=1.5)
def whole_maps(conv):
    """In training, whole maps of the convolution are dropped, with the rate asked for."""
    found = _noises(conv, "build_conv_model")
    require(
        all(n.kind != noise.UNITS for n in found),
        _("Single pixels of a map are dropped: their neighbours, which are left, say nearly the same."),
    )
    require(
        len(found) == 1 and found[0].kind == noise.MAPS,
        _("Your noise does not drop maps as wholes, each by itself: look again at the variants of Dropout."),
    )
    _require_rates(found, 0.2)


@noise_layers.check(points=1)
def mean_and_variance_kept(selu):
    """In training, the noise keeps mean and variance of the SELU activations, behind both layers."""
    found = _noises(selu, "build_selu_model")
    require(
        all(n.kind != noise.UNITS for n in found),
        _("Values are set to 0, which is not where a SELU unit saturates: mean and variance do not stay."),
    )
    require(
        all(n.kind == noise.ALPHA for n in found),
        _("Your noise does not keep mean and variance of the SELU units: look again at the variants of Dropout."),
    )
    require(
        [n.site for n in found] == [1, 2],
        _("The noise belongs behind each of the two SELU layers, once."),
    )
    _require_rates(found, 0.1)


@noise_layers.check(points=0.5)
def selu_start(selu):
    """Both SELU layers begin with the initializer that SELU needs."""
    _noises(selu, "build_selu_model")
    model = models.rebuilt(selu, "build_selu_model")
    require(
        all(noise.begins_as_lecun(layer) for layer in noise.dense_layers(model)[:-1]),
        _("Without `lecun_normal` as `kernel_initializer` of both layers, SELU units do not begin with mean 0 and "
          "variance 1, which your noise is to keep."),
    )  # fmt: skip


@noise_layers.check(points=1)
def factor_of_mean_one(noisy):
    """In training, the hidden activations are multiplied by noise of mean 1, with the rate asked for."""
    found = _noises(noisy, "build_noisy_model")
    kinds = {n.kind for n in found}
    require(
        noise.ADDED not in kinds,
        _("Your noise is added, as large for a small activation as for a large one: a factor was asked."),
    )
    require(
        not kinds & {noise.UNITS, noise.PARTS, noise.MAPS},
        _("Your layer sets activations to 0: the task asks for noise that does not."),
    )
    if kinds != {noise.GAUSSIAN} or len(found) != 1:
        fail(_("Your noise is not one random factor of mean 1: look again at the variants of Dropout."))
    _require_rates(found, 0.3)
