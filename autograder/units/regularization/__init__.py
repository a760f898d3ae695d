"""The unit on regularization in Keras.

gap/ l1_l2/ dropout/ challenge/ beyond/    a folder a notebook: checks.py, and what only its checks need
given.py classifiers.py penalties.py ...   what checks of several notebooks need
facts.py                                   numbers that statements, visible checks and hidden checks share
datasets.py data/ training.py              images; how models are trained on them
lab/                                       what learners receive beside their notebooks
charts.py strengths.py                     pictures for the feedback page and the class report
locale/                                    translations of what checks and charts say
calibrate/                                 how far right and wrong answers stand from the thresholds
"""

from pathlib import Path

from autograder.unit import Unit

unit = Unit(
    package=__name__,
    folder=Path(__file__).parent,
    family="autograder.families.keras",
    charts="autograder.units.regularization.charts",
    fixtures={"trainer": "autograder.units.regularization.training.trainer"},
    answers="autograder.units.regularization.training.answer",
)
