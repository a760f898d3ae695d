"""The one hidden check of the browser tests' assignment, which needs no Keras."""

# mypy: allow-untyped-defs, allow-untyped-decorators

from autograder.checks.api import Task, require

double = Task("double", lesson="double-lesson")
doubles = double.call("double", lambda rng: [[float(rng.integers(1, 9))], [0.0]])


@double.check(points=2)
def doubled(doubles):
    """The number is doubled."""
    require(
        all(c.result == 2 * c.arguments[0] for c in doubles), "`double` gives something else than twice its argument."
    )
