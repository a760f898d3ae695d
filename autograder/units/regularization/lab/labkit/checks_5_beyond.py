"""Visible checks of the notebook 5_beyond: the form, and values of public examples; others are graded."""

import json
from typing import Any

import numpy as np

from .checking import NotYet, build, call, passed, require, require_number, tell_stub
from .messages import _, say
from .tried import require_example, tried

IMAGE = (28, 28)
STRENGTH = 0.25


def check_custom(GroupLasso: Any) -> None:
    """A regularizer class that gives one number, has a configuration, and can be built again from it."""
    import keras

    require(
        isinstance(GroupLasso, type) and issubclass(GroupLasso, keras.regularizers.Regularizer),
        _("GroupLasso must be a class, a subclass of keras.regularizers.Regularizer."),
    )
    penalty = _written("__init__", lambda: GroupLasso(STRENGTH))
    for shape in ((3, 2), (3, 3, 2, 4)):
        kernel = keras.ops.convert_to_tensor(np.random.default_rng(6).normal(size=shape), dtype="float32")
        value = call(_named(penalty.__call__, "__call__"), kernel)
        number = require_number(value, "__call__")
        require(number >= 0, _("{name} gives a negative number: a penalty never is."), name="__call__")
    _require_config(GroupLasso, call(_named(penalty.get_config, "get_config")))
    _require_penalty(GroupLasso)
    _require_fit(GroupLasso)
    package = keras.saving.get_registered_name(GroupLasso)
    require(">" in package, _("GroupLasso is not registered: load_model would not find it."))
    require(
        package.startswith("beyond>"),
        _("GroupLasso is registered as {found}: register it in the package {wanted}."),
        found=package,
        wanted='"beyond"',
    )
    tried(_("The penalty of a kernel, the class built again, one step of fit, the package."))


def _require_penalty(GroupLasso: Any) -> None:
    """A kernel with groups of norm 5 and 1, before and after the class is built again."""
    import keras

    kernel = keras.ops.convert_to_tensor([[3.0, 0.0], [4.0, 1.0]])
    example = _("The penalty of the kernel [[3, 0], [4, 1]] with strength 0.25")
    mistakes = {
        _("Rows are no groups: the weights of a unit are a column."): STRENGTH * (3 + 17**0.5),
        _("Without a square root it is L2."): STRENGTH * 26,
        _("That is one norm of the whole kernel: each unit has its own."): STRENGTH * 26**0.5,
        _("That is L1: no groups are left."): STRENGTH * 8,
        _("That is half of it: a mean over the units, or a factor before the sum?"): STRENGTH * 3,
        _("The strength plays no part in it."): 6.0,
    }
    require_example(float(GroupLasso(STRENGTH)(kernel)), STRENGTH * 6, say(example), mistakes)
    again = GroupLasso.from_config(GroupLasso(STRENGTH).get_config())
    forgotten = {_("It has the default strength: what does get_config return?"): 0.06}
    example = _("The same, built again from its configuration")
    require_example(float(again(kernel)), STRENGTH * 6, say(example), forgotten)


def _require_fit(GroupLasso: Any) -> None:
    """`fit` can take the penalty's gradient."""
    import keras

    layer = keras.layers.Dense(2, kernel_regularizer=GroupLasso(STRENGTH))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("sgd", "mse")
    try:
        model.fit(np.zeros((1, 3)), np.zeros((1, 2)), verbose=0)
    except Exception as error:  # whatever TensorFlow says of a computation that is not its own
        text = _("With GroupLasso, fit stops ({kind}). There, kernels are symbols without values: compute with "
                 "keras.ops, not with NumPy.")  # fmt: skip
        raise NotYet(say(text, kind=type(error).__name__)) from error


def _named(method: Any, name: str) -> Any:
    """`method` as a function of this name, so that messages can say which one is meant."""

    def function(*arguments: Any) -> Any:
        return method(*arguments)

    function.__name__ = name
    return function


def _written(name: str, make: Any) -> Any:
    """What `make` returns; a stub inside it has its sentence."""
    try:
        return make()
    except NotImplementedError as error:
        tell_stub(error, name)
        raise


def _require_config(regularizer: Any, config: Any) -> None:
    """Plain data from which the class can be made again."""
    require(
        isinstance(config, dict),
        _("get_config must return a dict; it returns {kind}."),
        kind=type(config).__name__,
    )
    try:
        json.dumps(config)
        regularizer.from_config(config)
    except TypeError as error:
        text = _("The class cannot be built again from its configuration {config}: get_config must give "
                 "the constructor's arguments, by name, as ordinary numbers.")  # fmt: skip
        raise NotYet(say(text, config=config)) from error


def check_orthogonal(build_orthogonal_model: Any) -> None:
    """A model for images with ten probabilities and a penalty in its loss."""
    model = build(build_orthogonal_model, IMAGE)
    require(
        len(model.losses) > 0,
        _("No layer of the model of {name} adds a penalty: `model.losses` is empty or 0. "
          "A regularizer is an argument of the layer, given when the layer is made."),
        name="build_orthogonal_model",
    )  # fmt: skip
    passed(_("A model from 28 × 28 pixels to 10 probabilities, with a penalty in its loss."))


def check_noise_layers(build_conv_model: Any, build_selu_model: Any, build_noisy_model: Any) -> None:
    """Three models for images with ten probabilities, each of which acts differently in training mode."""
    x = np.random.default_rng(7).random((32, *IMAGE), "float32")
    for function in (build_conv_model, build_selu_model, build_noisy_model):
        model = build(function, IMAGE)
        same = np.allclose(model(x, training=True), model(x, training=False), atol=1e-6)
        require(
            not same,
            _("The model of {name} does the same in training mode and in inference mode: add the noise layer."),
            name=function.__name__,
        )
    passed(_("Three models from 28 × 28 pixels to 10 probabilities, each with noise in training mode."))
