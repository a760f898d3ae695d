"""Where attempts come in, from the page and the exchange: bounded, recognized by their cells, put into the queue."""

from collections.abc import Mapping

from autograder.errors import SubmissionError
from autograder.grading.notebooks import parse_notebook
from autograder.i18n import Message, _
from autograder.practice.attempts import packed
from autograder.practice.course import PracticeCourse, Released, task_keys
from autograder.practice.queue import Queue, QuotaSpent

NAME = _("the notebook")


class Closed(SubmissionError):
    """Practice has ended, or there is none for this."""


class TooLarge(SubmissionError):
    """More bytes than are taken."""


class Door:
    """Takes attempts for a course's queue."""

    def __init__(self, course: PracticeCourse, queue: Queue) -> None:
        self.course, self.queue = course, queue

    def require_open(self, assignment: str, student: str) -> None:
        """Raises:
        Closed: there is no practice for this student at this assignment, or not any more.
        """
        if assignment not in self.course.assignments:
            raise Closed(_("There is no practice for {assignment}."), assignment=assignment)
        if not self.course.settings.is_open(assignment, student):
            end = self.course.settings.ends(assignment, student)
            text = _("Practice has ended on {end}. What you handed in is graded now; your pages stay here.")
            raise Closed(text, end=f"{end:%Y-%m-%d %H:%M UTC}")

    def take(
        self, student: str, assignment: str, notebook: bytes, files: Mapping[str, bytes], source: str | None = None
    ) -> int | None:
        """Put a notebook of an assignment into the queue; the attempt's id, None for a `source` that was taken before.

        Arguments:
            notebook: the file's content. What the file is called does not matter.
            files: what lies beside it, path → content.
            source: name of the exchange's folder it comes from.

        Raises:
            SubmissionError: it is not taken; the sentence says why, and what to do.
        """
        self.require_open(assignment, student)
        if len(notebook) > self.course.settings.max_notebook_bytes:
            text = _("The notebook has {size:.1f} MB; {limit:.1f} MB are taken. Clear its outputs and save it.")
            raise TooLarge(text, size=len(notebook) / 1e6, limit=self.course.settings.max_notebook_bytes / 1e6)
        nb = parse_notebook(notebook, Message(NAME).render())
        released = self.course.recognized(nb, assignment)
        if released is None:
            text = _("This is none of the notebooks of {assignment}. Choose the one that you got for it.")
            raise Closed(text, assignment=assignment)
        return self.put(student, released, notebook, files, source)

    def changed(self, student: str, released: Released, notebook: bytes) -> bool:
        """Whether a copy of this notebook has other code than the one that was looked at last."""
        try:
            keys = self._keys(student, released, notebook)
        except SubmissionError:
            return False
        return self.queue.changed((student, released.assignment, released.name), keys)

    def _keys(self, student: str, released: Released, notebook: bytes) -> dict[str, str]:
        submission = self.course.jobs.submission(released.assignment, student, released.name)
        return task_keys(self.course.restored(parse_notebook(notebook, released.name), submission))

    def put(
        self, student: str, released: Released, notebook: bytes, files: Mapping[str, bytes], source: str | None = None
    ) -> int | None:
        """Put a copy of this released notebook into the queue: see `take`."""
        self.require_open(released.assignment, student)
        keys = self._keys(student, released, notebook)
        own = {name: content for name, content in files.items() if not name.endswith(".ipynb")}
        size, limit = sum(len(content) for content in own.values()), self.course.settings.max_files_bytes
        if size > limit:
            text = _("The files beside the notebook have {size:.1f} MB; {limit:.1f} MB are taken.")
            raise TooLarge(text, size=size / 1e6, limit=limit / 1e6)
        key = (student, released.assignment, released.name)
        try:
            return self.queue.put(key, keys, packed(notebook, own), source)
        except QuotaSpent as spent:
            task = str(spent.message.values["task"])
            named = {**spent.message.values, "task": released.titles.get(task, task)}
            raise QuotaSpent(spent.message.text, **named) from None
