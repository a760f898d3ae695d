"""Grades on their way to a learning management system, and submissions on their way from one.

The names below are for nbgrader's command line: `nbgrader export --exporter=autograder.lms.MoodleWorksheet`,
`nbgrader zip_collect --collector=autograder.lms.MoodleCollector`.
"""

from autograder.lms.collect import CanvasCollector, MoodleCollector
from autograder.lms.feedback_files import MoodleFeedback
from autograder.lms.sheet import CanvasGradebook, CsvSheet, MoodleWorksheet

__all__ = ["CanvasCollector", "CanvasGradebook", "CsvSheet", "MoodleCollector", "MoodleFeedback", "MoodleWorksheet"]
