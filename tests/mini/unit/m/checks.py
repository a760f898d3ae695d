"""Checks of the notebook `m`, which needs no Keras."""

# mypy: allow-untyped-defs, allow-untyped-decorators

from autograder.checks.api import Task, require

double = Task("double")
word = Task("word")

doubles = double.call("double", lambda rng: [[float(rng.integers(1, 9))], [0.0]])
the_word = word.value("word")


@double.check(points=2)
def doubled(doubles):
    """The number is doubled."""
    require(all(c.result == 2 * c.arguments[0] for c in doubles), "`double` gives something else.")


@double.check(points=1, after=doubled)
def zero(doubles):
    """Nothing doubled is nothing."""
    require(doubles[1].result == 0, "Zero is not kept.")


@word.check(points=3)
def right_word(the_word):
    """The word is the right one."""
    require(the_word == "right", "The word is another one.")
