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

import autograder
from autograder.unit import Unit

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "course"  # a wheel has notebooks and configuration here; in a clone they lie where it begins

unit = Unit(
    package=__name__,
    folder=FOLDER,
    family="autograder.families.keras",
    charts="autograder.units.regularization.charts",
    fixtures={"trainer": "autograder.units.regularization.training.trainer"},
    answers="autograder.units.regularization.training.answer",
    course=INSTALLED if INSTALLED.is_dir() else Path(autograder.__file__).parents[1],
)
