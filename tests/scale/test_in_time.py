"""Work on a stranger's text ends in time, whatever the text is."""

import os
import time

import pytest

from autograder.feedback.harmless import clean, clean_all
from autograder.scale.in_time import in_time, stop

SQUARED = "".join(f"<b id={i}><p>" for i in range(20_000))  # each opens all the others again: minutes for any parser


def test_what_takes_too_long_is_given_up_and_the_next_is_done() -> None:
    first = in_time(5, os.getpid)
    with pytest.raises(TimeoutError):
        in_time(0.5, clean_all, [SQUARED])
    assert in_time(5, clean_all, ["<b>a</b>", "<script>b</script>"]) == ["<b>a</b>", ""]
    assert in_time(5, os.getpid) not in (first, os.getpid())
    stop()


def test_waiting_costs_nothing_and_an_error_is_raised_here() -> None:
    assert in_time(0.2, time.sleep, 0.6) is None
    with pytest.raises(ZeroDivisionError):
        in_time(5, divmod, 1, 0)
    stop()


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<a href='javascript:x' onclick=x>t</a>", '<a rel="noopener noreferrer">t</a>'),
        ("<p style='position:fixed'>t</p><meta http-equiv=refresh content=0>", "<p>t</p>"),
        ("<svg><script>x</script></svg><img src=//a.b/c>t", "t"),
        ("<math><mi href='javascript:x' style='x'>a</mi><maction actiontype=x>b</maction></math>",
         "<math><mi>a</mi>b</math>"),
        ("<math><mspace width='-500em'></mspace></math>", "<math><mspace></mspace></math>"),
        ("<math><mtext><style><img src=x onerror=x></style></mtext></math>", "<math><mtext></mtext></math>"),
    ],
)  # fmt: skip
def test_what_can_act_or_lay_itself_over_is_taken_out(html: str, left: str) -> None:
    assert clean(html) == left
