"""Whether the parameters that the challenge asks for are in use: trained, and with an effect on what is answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.api import require
from autograder.families.keras import gain, use
from autograder.families.keras.runs import Run
from autograder.i18n import _
from autograder.units.regularization.facts import LEAST_PARAMETERS
from autograder.units.regularization.gaps import SEVERAL

# of the weights of honest models (relu, gelu, tanh, BatchNormalization, one and two convolutions, Dropout up to 0.6, L1
# and L2) 94 to 100 % are seen in use, the others are units that no example switches on; of a linear classifier beside a
# part behind Rescaling(0.001), MaxNorm(0.0001) or Dropout(0.999), at most 4 %
NEARLY_ALL = 0.8


def require_in_use(built: Any, config: Mapping[str, Any]) -> None:
    """What is counted is used, and nothing shrinks what comes of it; else the check fails."""
    require(
        not gain.rescales_behind_weights(built),
        _(
            "Behind the first layer with weights, something in your model rescales what comes out of it, or is frozen: "
            "that makes the losses smaller without regularizing. `Rescaling` belongs before the first layer."
        ),
    )
    require(
        not gain.softens(built),
        _(
            "However sure the last layer with weights is, something behind it keeps your model's probabilities from "
            "coming near 1: that changes what is measured, not how the model learns."
        ),
    )
    found = use.weights_in_use(config)
    require(
        found >= NEARLY_ALL * LEAST_PARAMETERS,
        _(
            "Of your model's parameters, {found:,} are trained and change its answers; {least:,} were asked. The "
            "others are there in name only."
        ),
        found=found,
        least=LEAST_PARAMETERS,
    )


def agree(runs: Sequence[Run]) -> bool:
    """Whether training leaves enough in use in each of the runs, or in none of several."""
    enough = [run.in_use >= NEARLY_ALL * LEAST_PARAMETERS for run in runs]
    return all(enough) or (len(runs) >= SEVERAL and not any(enough))


def require_in_use_when_trained(runs: Sequence[Run]) -> None:
    """Training leaves in use what is counted; else the check fails: what is driven to nothing makes a model smaller."""
    found = int(np.median([run.in_use for run in runs]))
    require(
        found >= NEARLY_ALL * LEAST_PARAMETERS,
        _(
            "Trained by us, your model answers with {found:,} of its parameters; {least:,} were asked. The others have "
            "no effect any more: something drives them to nothing, or keeps them from learning."
        ),
        found=found,
        least=LEAST_PARAMETERS,
    )
