"""Numbers that tasks state, visible checks tell and hidden checks demand: one file for all of them.

Learners receive it as `labkit/facts.py`; nothing here is hidden.
"""

MOST_PARAMETERS = 20_000  # of the model of `capacity`
LEAST_PARAMETERS = 300_000  # that the model of `challenge` trains
STEPS = (0.20, 0.60)  # shares of the gap that `challenge` takes away: at the first no point, from the second on all
LEAST_STRENGTHS = 4  # values of λ in the sweep of `choose_lambda`
