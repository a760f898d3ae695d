"""What docs/calibration.md says around its tables."""

from autograder.families.keras import costs
from autograder.families.keras.runs import PAIRS
from autograder.units.regularization import sweeps

INTRODUCTION = """# Calibration of the trained tasks

Some checks train the learner's model. Their thresholds are measured here: `python -m
autograder.units.regularization.calibrate` trains right answers and likely mistakes with {seeds} pairs of seeds each and
writes this page. It can be stopped and started again.

A model and the given one share the seed: order of the rows, and initial weights where their shapes agree. Gap: hidden
minus training cross-entropy, without penalties, in inference mode. Reduction: 1 − gap / gap of the given model. Ratio:
hidden cross-entropy / that of the given model. A grade looks at the median over {pairs} pairs.

What is paid is a smaller gap **and** a loss on new images that is no higher: L2 0.1 closes more of the gap than any
right answer of its task, and learns less. New images are the hidden ones, which nobody but the grader has; learners see
the same quantities on their validation images, with one seed.

Losses are averaged over the last epochs, because that halves the scatter: Adam's loss jumps from one epoch to the next.
With the last epoch alone (same runs), L2 0.001 and Dropout 0.2 stood nearer to their threshold than 5 sd, at 4.7.

The machine hardly matters: one thread instead of two moved the medians of four models (L2 0.001 and 0.01, Dropout 0.5
and 0.2) by 0.003 at most, switching oneDNN off by nothing (`tests/trusted/test_reproducible.py`).

Pairs are trained one after the other. `choose_lambda` and `dropout_gap` stop when the means of reduction and ratio lie
{sure:g} standard deviations from each threshold that could change what is earned (of one pair: 1.5 % and 3.6 % of the
gap, 0.031 of the ratio, which no model near a threshold exceeds in the tables). One pair alone may earn everything;
nobody is refused for a single training. Of 20,000 draws of four pairs of each model of the first two tables that does
not collapse, none earned anything else than all four pairs give it (30 pairs each, trained anew). On average
1.0 pairs were looked at for Dropout 0.3 and 0.5, 2.4 for 0.2, 1.3 to 2.2 for right penalties (3.1 for L1 0.001), 2.0 to
3.3 for models that earn nothing, and 3.9 or all four for models in between.

The challenge stops when everything or nothing is earned (of one pair: 3.1 % of the gap, 0.045 of the ratio), and its
trainings agree on whether enough weights are in use. Of as many draws of the models of its table that do not collapse,
from 30 pairs each and 19 of shifted images, none earned anything else, either: 1.1 or 1.2 pairs were looked at for
right answers, 2.6 for L2 0.00001, four for the model in between.

`capacity` trains the small model four times, since those that nearly underfit scatter widely, and the large one until
the mean reduction is {sure:g} standard deviations (of one pair: 5 %) from 0: one pair in all draws.

Before anything is trained, what is there in name only is refused, so that a gap that became small has one cause:
- *a penalty*: L2 of 5e-5 or L1 of 5e-6 on some kernel. L2 0.00001 moves the gap by less than its scatter (first table),
  so that nothing that helps is refused. On weights of about 0.05, as they are at the beginning, L1 of a tenth of it
  pulls as strongly: 2 · 0.05 · λ.
- *Dropout*: a rate above 0.02, measured with a standard error below 0.01. Dropout 0.02 takes away less of the gap than
  earns anything (second table).
- *use*, in the challenge: 80 % of the 300,000 weights. Honest models have 94 to 100 % in use, a linear classifier
  beside a part that is multiplied by 0.001, held below 0.0001 or dropped with rate 0.999 at most 4 %. A kernel is used
  when drawing it anew changes an answer by 0.01 (used ones: 0.1 and more; behind a factor of 0.001: below 0.001), and,
  once trained, when shuffling it changes one by 0.1; a weight, when its input's gradient is a hundredth of the
  strongest's.

How to read the tables:
- *should earn*: full marks or nothing; a model *between* has no single right outcome and is there for orientation.
- *±*: standard deviation over single pairs. *sd of its median*: bootstrap, {draws} draws of {pairs} of the {seeds}
  pairs.
- *margin*: distance of the mean from the threshold that decides, in sd of the median. For a right answer the nearest
  threshold counts, for a wrong one the threshold that stops it best. Wanted: {enough} at least.
- *wrong decisions*: share of the {draws} draws in which a right answer did not earn everything (false refusal), or a
  wrong one earned something (false acceptance); in brackets the upper 95 % bound by Clopper and Pearson (for none at
  all the rule of three, 3/{draws}). It bounds the drawing, not the choice of the {seeds} seeds: those make {groups}
  groups of {pairs} that have no seed in common, too few to see a rare event.
- *normal tail*: the chance of a wrong decision if the median is normal, with its standard deviation at the upper end of
  the 95 % interval that {seeds} seeds leave. This is the figure to believe for rare events, but where a model's
  trainings scatter widely and lean to one side. Two hidden units are such a model, which therefore stands *between*:
  they reach an accuracy from 0.10 to 0.69, according to which of them die; none of {seeds} trainings came to 0.70."""

SWEEPS = f"""## Sweeps: choose_lambda, choose_rate

A learner's losses are compared with those of {sweeps.SEVERAL} trainings of ours on the validation images, at both
ends of the sweep and at its lowest loss; where that is an end, or several are, at {sweeps.SPREAD} values. Of a loss
averaged over the last ten epochs, as the tasks ask for, 50 seeds gave these means and standard deviations: L2 0.0001
0.603 ± 0.012, 0.001 0.555 ± 0.013, 0.01 0.561 ± 0.013, 0.1 0.695 ± 0.017; rate 0.1 0.605 ± 0.013, 0.3 0.530 ± 0.010,
0.5 0.508 ± 0.008, 0.7 0.779 ± 0.066. A single last epoch scatters up to three times as much.

The second training is done only where the first leaves something open. A loss that is found again beside one training
is so beside two. By how much a sweep lies above ours, the second trainings move by 0.016 in one standard deviation,
and it is taken at once where only a move of more than {sweeps.SECOND:g} would refuse it: of 48,000 draws of right
sweeps of L2 (50 trainings of each λ) none was taken after one training and refused after two, and all but 2 in 1,000
were taken after one; of sweeps of a last epoch's losses, 84 in 100. These draws looked at four values of each sweep.
Three decide no worse: of 24,000 right sweeps of λ each (normal, with the means and deviations above: 0.0001 to 0.1,
0.00001 to 0.01 and 0.00001 to 0.1 in powers of ten) both found all, and of as many sweeps with the penalty in them,
averaged or of a last epoch, both took none. The ends tell most: there a penalty adds most, and a rate taken for its
opposite is farthest off.

- *Found again*: the loss lies between the lowest of our best epochs − {sweeps.NEAR:.0%} and the highest of our
  last ten + {sweeps.NEAR:.0%}: at least 5 sd from an average of ours. Above rate {sweeps.COLLAPSING:g}, where one
  training learns and the next does not, {sweeps.NEAR_COLLAPSE:.0%}. Of 3,000 draws of a learner's and two of our
  trainings none was refused at any of these values up to rate 0.5.
- *Without the penalty*: in logarithms, the sweep lies above ours, along what the penalty would add, by less than
  half of that (and by {sweeps.CLEARLY:g} at the least). Right sweeps of four or five values of L2 from 0.00001 to
  0.1 stand 5.0 to 5.1 sd below the limit; of 12,000 draws none was refused. (For 0.00001 the losses of 0.0001 were
  taken, with a tenth of the penalty.)
- *Inside*: the best λ is at neither end of the sweep. A loss with the penalty in it rises with λ from the first value
  on, so its best one is the smallest. Of 24,000 drawn sweeps of `val_loss`, averaged or not, all but one lost the
  points of `best_lambda`, for this reason or the one before. Of right sweeps from 0.0001 to 0.1 the best λ was always
  inside; from 0.00001 to 0.01 in 71 of 100 cases: the visible check asks the others to go on."""

COST = f"""## What a model may cost

At most {costs.MAX_STEPS:,} multiply-adds for one image or what takes as long, {costs.MAX_PARAMETERS:,} parameters and
{costs.MAX_VALUES:,} numbers behind one layer. One training of Conv 32 – pool – Conv 64 – pool – Dense 256 (3.3
million) takes about 35 s of CPU time, padded (5.2 million) about 50 s, of an LSTM of 32 units over the rows 12
s; a grade trains {PAIRS} times. So the dearest model costs about 300 s of the 600 s that a notebook has of
`c.Course.submission_seconds`.

What takes time without a kernel is counted by what it took, in CPU time for one image forth and back, where a million
multiply-adds of convolutions takes 0.16 ms: a step of an LSTM or GRU 0.003 to 0.004 ms ({costs.LOOP_STEP:,}),
`RandomTranslation` 0.05 ms, `RandomErasing` 0.40 ms, `RandomElasticTransform` 0.18 ms, `RandomGaussianBlur` of 27 × 27
2.5 ms, a maximum over 14 × 14 at each of 784 places in 32 channels 0.77 ms."""
