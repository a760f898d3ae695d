"""The class of the demonstration: what `make demo` grades, and what the small one leaves out."""

from collections import Counter
from pathlib import Path

from autograder.classroom import read_class
from autograder.demo import FEW, small

CLASS = read_class(Path(__file__).parents[1] / "submissions")


def test_the_small_class_has_a_few_of_each_assignment_and_nobody_who_waits() -> None:
    chosen = small(CLASS)
    assert Counter(s.assignment for s in chosen) == dict.fromkeys({s.assignment for s in CLASS}, FEW)
    assert all(s.hands_in is not None and len(s.hands_in) <= 2 for s in chosen)
    assert not [s.student for s in chosen if "waits" in s.says]


def test_each_of_the_class_shows_something_else() -> None:
    assert len({(s.says, s.assignment) for s in CLASS}) == len(CLASS)
    mistakes = Counter((s.assignment, s.loses) for s in CLASS if len(s.loses) == 1)
    assert max(mistakes.values()) == 1
