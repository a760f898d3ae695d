"""What the layers of a given model carry in a learner's, and what is wrong with it (`l2_layer`, `l1_layer`, `elastic`).

Each part is judged by itself: what was done to the layers takes nothing from the penalty, and the other way round.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.checks.api import fail, require
from autograder.families.keras.evidence import PROBED, ModelData
from autograder.families.keras.models import form, rebuilt, require_given, require_nothing_frozen
from autograder.i18n import _
from autograder.units.regularization.penalties import (
    HIDDEN_BIAS,
    HIDDEN_KERNEL,
    SET_LATE,
    Penalties,
    Penalty,
    penalties,
    promised_by,
)

OUTPUT_KERNEL, OUTPUT_BIAS = -2, -1  # places in the list of weights, whatever lies before
_NONE: Mapping[float, str] = {}
_NO_PENALTY = _("The kernel of your hidden layer carries no penalty: `model.losses` stays empty or at 0.")


def require_given_and_penalised(data: Any, given: Any, name: str) -> None:
    """The model is the given one but for penalties, and one of them counts: without any, nothing was done to it."""
    known = known_only(data)
    require_nothing_frozen(require_given(known, given, name), name)
    require(
        any(0 < loss < math.inf for loss in data.losses) or penalties(known, name).activity,
        _("The layers are the given model's, but no penalty of yours counts in the loss: that alone is no answer."),
    )


def known_only(data: Any) -> Any:
    """The model without the regularizers that are not Keras's: what else it holds can be looked at."""
    if not isinstance(data, ModelData) or data.config is None or not data.config.startswith("{"):
        return data
    try:
        config = json.loads(data.config)
        known = _known(config)
        return data if known == config else replace(data, config=json.dumps(known))
    except (ValueError, RecursionError):
        return data


def _known(node: Any) -> Any:
    if isinstance(node, list):
        return [_known(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {k: None if k.endswith("_regularizer") and _is_own(v) else _known(v) for k, v in node.items()}


def _is_own(regularizer: Any) -> bool:
    return isinstance(regularizer, dict) and regularizer.get("module") != "keras.regularizers"


def of_layers(data: Any, name: str) -> Penalties:
    """The penalties of a model of Dense layers, a hidden one first; else nothing can be said, and the check fails."""
    shapes = form(data, name).weights
    kernels, biases = shapes[::2], shapes[1::2]
    require(
        len(kernels) == len(biases) > 1
        and all(len(k) == 2 and b == k[1:] for k, b in zip(kernels, biases, strict=True)),
        _("The weights of the model of `{name}` have the shapes {found}: this is no hidden layer before an output "
          "layer, and there is nothing to look at for this check."),
        name=name,
        found=", ".join(map(str, shapes)),
    )  # fmt: skip
    return penalties(data, name)


def require_kernel_penalty(found: Penalties, l1: float, l2: float, known: Mapping[float, str] = _NONE) -> None:
    """The hidden layer's kernel carries exactly this penalty, else the check fails with what it carries instead.

    `known`: a wrong strength of the one penalty asked for → the sentence for it.
    """
    kernel = found.weights[HIDDEN_KERNEL]
    require(kernel.any, _where_instead(found, bias_wanted=bool(l1 and l2)))
    require(
        not kernel.other,
        _(
            "The penalty of your hidden layer is neither L1 nor L2 nor their sum: look again at which regularizer it "
            "is."
        ),
    )
    if _same(kernel.l1, l1) and _same(kernel.l2, l2):
        return
    if l1 and l2:
        _elastic(kernel, l1, l2)
    _single(kernel, bool(l1), l1 or l2, known)


def _same(found: float, right: float) -> bool:
    return abs(found - right) <= 5e-3 * right + 1e-9


def _where_instead(found: Penalties, bias_wanted: bool) -> str:
    """The sentence for a hidden kernel without a penalty."""
    if found.activity:
        return _("What your model penalises is the outputs of a layer, not its weights: "
                 "look again at what the three regularizer arguments of a layer act on.")  # fmt: skip
    if found.weights[HIDDEN_BIAS].any and not bias_wanted:
        return _("Your hidden layer penalises its bias, not its kernel: "
                 "look again at what the three regularizer arguments of a layer act on.")  # fmt: skip
    if found.weights[OUTPUT_KERNEL].any:
        return _("Your penalty acts on the output layer, and the hidden layer has none: which layer did the task name?")
    return _NO_PENALTY


def _elastic(kernel: Penalty, l1: float, l2: float) -> None:
    """The mistakes of a kernel that should have both penalties."""
    require(
        kernel.l1 and kernel.l2,
        _("Your hidden layer has only one of the two penalties: it grows {how}."),
        how="∝ |w|" if kernel.l1 else "∝ w²",
    )
    require(
        not (_same(kernel.l1, l2) and _same(kernel.l2, l1)),
        _("The two coefficients have changed places: look at the order of the arguments, or name them."),
    )
    fail(_("Your hidden layer has both, with λ = {l1:.3g} for L1 and λ = {l2:.3g} for L2: compare with the task."),
         l1=kernel.l1, l2=kernel.l2)  # fmt: skip


def _single(kernel: Penalty, wants_l1: bool, right: float, known: Mapping[float, str]) -> None:
    """The mistakes of a kernel that should have one penalty."""
    found, stray = (kernel.l1, kernel.l2) if wants_l1 else (kernel.l2, kernel.l1)
    if not found:
        fail(_("When the weights double, your penalty becomes four times as large: that is the behaviour of L2."
               ) if wants_l1 else
             _("When the weights double, your penalty only doubles: that is the behaviour of L1."))  # fmt: skip
    require(not stray, _("Your hidden layer carries an L1 and an L2 penalty at once; the task asks for one."))
    require(
        not (_same(found, 0.01) and right != 0.01),
        _("Your penalty has λ = 0.01: this is what Keras takes when a regularizer is given by its name alone."),
    )
    for strength, sentence in known.items():
        require(not _same(found, strength), sentence)
    require(
        wants_l1 or not (_same(found, right / 2) or _same(found, right * 2)),
        _("Your penalty and the one asked for differ by a factor of 2: look again at whether Keras's L2 has a ½."),
    )
    fail(_("Your penalty has λ = {found:.3g}: compare with what the task asks for."), found=found)


def require_bias_penalty(bias: Penalty, l2: float) -> None:
    """The hidden layer's bias carries exactly this L2 penalty, else the check fails."""
    require(bias.any, _("The bias of your hidden layer carries no penalty: it has an argument of its own."))
    require(
        not bias.l1 and not bias.other,
        _("The penalty of your hidden layer's bias is not L2: see how it grows when the bias doubles."),
    )
    require(
        not (_same(bias.l2, 0.01) and l2 != 0.01),
        _("The penalty of your hidden layer's bias has λ = 0.01: this is what Keras takes when a regularizer is given "
          "by its name alone."),
    )  # fmt: skip
    require(
        _same(bias.l2, l2),
        _("The penalty of your hidden layer's bias has λ = {found:.3g}: compare with the task."),
        found=bias.l2,
    )


def require_bias_active(data: ModelData, name: str) -> None:
    """As `require_active` for the hidden layer's bias alone: its penalty is lost in the sum beside the kernel's."""
    model = rebuilt(data, name)
    probed = [np.full_like(w, PROBED * (place == HIDDEN_BIAS)) for place, w in enumerate(model.get_weights())]
    promised = promised_by(model, probed)
    require(math.isfinite(promised), SET_LATE)
    require(any(abs(reported - promised) <= 0.02 * promised for reported in data.losses), SET_LATE)


def require_only(found: Penalties, allowed: Sequence[int]) -> None:
    """Among the variables, those at the places `allowed` alone carry a penalty, one of them does, and no outputs do."""
    require(not found.activity, _("Besides the weights, your model also penalises the outputs of a layer."))
    count = len(found.weights)
    sentences = {
        HIDDEN_KERNEL: _("Your model also penalises the hidden layer's kernel, which the task does not ask for."),
        HIDDEN_BIAS: _("Your model also penalises the hidden layer's bias, which the task does not ask for."),
        count + OUTPUT_KERNEL: _(
            "Your model also penalises the output layer's kernel, which the task does not ask for."
        ),
        count + OUTPUT_BIAS: _("Your model also penalises the output layer's bias, which the task does not ask for."),
    }
    another = _("Your model also penalises a layer that the given model does not have.")
    for place, penalty in enumerate(found.weights):
        require(place in allowed or not penalty.any, sentences.get(place, another))
    require(any(found.weights[place].any for place in allowed), _NO_PENALTY)
