"""Everything this package raises on purpose.

AutograderError                 a sentence for a person: what was wrong, what was expected, what to do
├── SetupError                  the course or this machine is not ready (configuration, missing program)
│   └── IsolationError          learners' code cannot be isolated here
├── SubmissionError             the learner's work cannot be taken as it is: never the grader's fault
│   ├── UnreadableNotebook      not a notebook, too large, or not a plain file
│   ├── EvidenceRefused         what came out of the sandbox is not acceptable as data
│   └── OverBudget              it needs more computing time than there is for it
├── CheckerError                our own fault: never gives or takes points, a person looks at it
└── LmsError                    a learning management system, or a file of one, said no
"""

from typing import Any

from autograder.i18n import Message, say


class AutograderError(Exception):
    """Base of the tree. `text` is in the catalog; `values` fill its `{fields}`."""

    def __init__(self, text: str, /, **values: Any) -> None:
        super().__init__(text, values)
        self.message = Message(text, {k: v if isinstance(v, (int, float)) else str(v) for k, v in values.items()})

    def __str__(self) -> str:
        return say(self.message.text, **self.message.values)


class SetupError(AutograderError):
    """The course or this machine is not ready."""


class IsolationError(SetupError):
    """Learners' code cannot be isolated on this machine."""


class SubmissionError(AutograderError):
    """The learner's work cannot be taken as it is."""


class UnreadableNotebook(SubmissionError):
    """Not a notebook, too large, or not a plain file."""


class EvidenceRefused(SubmissionError):
    """What came out of the sandbox is not acceptable as data."""


class OverBudget(SubmissionError):
    """It needs more computing time than there is for it."""


class CheckerError(AutograderError):
    """Our own fault: never gives or takes points."""


class LmsError(AutograderError):
    """A learning management system, or a file of one, said no."""
