"""The pages of practice. Who somebody is says `who`: a signed cookie on a laptop, the hub's login behind a JupyterHub.

No page runs a program but the service's own; a student's page is served without any origin (CSP `sandbox`).
"""

import asyncio
import time
from pathlib import Path
from typing import Any

from tornado import web

from autograder.errors import AutograderError
from autograder.feedback.exporter import render
from autograder.i18n import Message, _, languages, say, translate
from autograder.practice.history import history
from autograder.practice.rows import Attempt
from autograder.practice.service import Service

FOLDER = Path(__file__).parent
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# the page has its own policy for its style, which holds, too
PAGE_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
NOT_THERE = _("There is nothing here: this attempt is not yours, or is not kept any longer.")
ONE_FILE = _("Choose one file: the notebook that you work on.")


class Base(web.RequestHandler):
    """What all pages have: headers, the language, and errors that say something."""

    def initialize(self, service: Service) -> None:
        """Called by tornado."""
        self.service = service

    def set_default_headers(self) -> None:
        """Called by tornado, for errors, too."""
        self.set_header("Content-Security-Policy", CSP)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    @property
    def language(self) -> str:
        """What was chosen on the page, or else what the browser prefers."""
        known = languages()
        if (chosen := self.get_query_argument("lang", "")) in known:
            self.set_cookie("practice-language", chosen, path=self.service.prefix, samesite="Lax")
            return chosen
        if (kept := self.get_cookie("practice-language", "")) in known:
            return str(kept)
        return str(self.get_browser_locale_code(known))

    def get_browser_locale_code(self, known: list[str]) -> str:
        """The first of the browser's languages that there is."""
        for part in self.request.headers.get("Accept-Language", "").split(","):
            code = part.split(";")[0].strip()[:2].lower()
            if code in known:
                return code
        return known[0]

    @property
    def student(self) -> str:
        """Who asks."""
        raise NotImplementedError

    @property
    def is_grader(self) -> bool:
        """Whether who asks grades this course."""
        raise NotImplementedError

    def show(self, template: str, **values: Any) -> None:
        """Write a page."""
        shared = {"prefix": self.service.prefix, "xsrf": self.xsrf_token.decode(), "languages": languages(),
                  "path": self.request.path, "stamp": _stamp}  # fmt: skip
        self.finish(render(template, self.language, FOLDER, **shared, **values))

    def write_error(self, status_code: int, **_keywords: Any) -> None:
        """Called by tornado."""
        text = NOT_THERE if status_code == 404 else Message(_("This was refused ({status}).")).text
        self.show("error.html.j2", text=translate(text, self.language, status=status_code))

    def prepare(self) -> None:
        """While the service cannot work, it says why. Called by tornado before each request."""
        if self.service.work is None:
            self.set_status(503)
            fault = self.service.fault
            starting = Message(_("Practice is starting; this page tries again by itself."))
            message = fault or starting
            self.set_header("Retry-After", "5")
            self.show("error.html.j2", text=message.render(self.language), again=fault is None)


class Index(Base):
    """The form, and the latest attempts."""

    @web.authenticated
    def get(self) -> None:
        """Show it."""
        self._index()

    @web.authenticated
    async def post(self) -> None:
        """Take a notebook; its name is never used."""
        files = self.request.files.get("notebook", [])
        if len(files) != 1:
            self._refuse(400, Message(ONE_FILE))
            return
        student, assignment = self.student, self.get_body_argument("assignment", "")
        door = self.service.ready.door
        try:
            number = await asyncio.to_thread(door.take, student, assignment, files[0].body, {})
        except AutograderError as error:
            self._refuse(422, error.message)
            return
        self.service.ready.work.wake()
        self.redirect(f"{self.service.prefix}attempt/{number}", status=303)

    def _refuse(self, status: int, message: Message) -> None:
        self.set_status(status)
        self._index(message.render(self.language))

    def _index(self, problem: str = "") -> None:
        ready = self.service.ready
        rows = history(ready.course, ready.queue.latest(self.student), self.language)
        ends = {a: ready.course.settings.ends(a, self.student) for a in ready.course.assignments}
        self.show("index.html.j2", rows=rows, ends=ends, problem=problem, student=self.student,
                  settings=ready.course.settings, paused=ready.work.paused)  # fmt: skip


class OneAttempt(Base):
    """An attempt that waits; when it is done, its page."""

    @web.authenticated
    def get(self, number: str) -> None:
        """Show its place in the queue, or go on to its page."""
        attempt = self.service.ready.queue.of(self.student, int(number))
        if attempt is None:
            raise web.HTTPError(404)
        if attempt.state == "done":
            self.redirect(f"{self.service.prefix}attempt/{number}/page", status=303)
            return
        row = history(self.service.ready.course, [attempt], self.language)[0]
        text = said(self.service, attempt, self.language)
        self.show("attempt.html.j2", row=row, text=text)


class State(Base):
    """What the waiting page asks for again and again."""

    @web.authenticated
    def get(self, number: str) -> None:
        """{"state": …, "text": the sentence}"""
        attempt = self.service.ready.queue.of(self.student, int(number))
        if attempt is None:
            raise web.HTTPError(404)
        self.finish({"state": attempt.state, "text": said(self.service, attempt, self.language)})


class AttemptPage(Base):
    """The feedback page."""

    @web.authenticated
    def get(self, number: str) -> None:
        """The page as it was written, without an origin of its own."""
        attempt = self.service.ready.queue.of(self.student, int(number))
        html = self.service.ready.pages.get(int(number)) if attempt else None
        if html is None:
            raise web.HTTPError(404)
        self.set_header("Content-Security-Policy", PAGE_CSP)
        self.finish(html)


class Health(web.RequestHandler):
    """Whether the port is open; nothing more, and for everybody."""

    def get(self) -> None:
        """Says "ok"."""
        self.finish("ok")


class Files(web.StaticFileHandler):
    """The service's own style and program."""

    def set_default_headers(self) -> None:
        """Called by tornado."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", CSP)


def said(service: Service, attempt: Attempt, language: str) -> str:
    """Where an attempt stands, as a sentence."""
    ready = service.ready
    if attempt.state not in ("waiting", "running"):
        return ""
    seconds = ready.times.seconds(attempt) or 0.0
    ahead = ready.queue.ahead(attempt.id)
    if attempt.state == "running":
        text = _("It is being looked at: about {seconds} s to go.")
    elif ready.work.paused:
        text = _("The class is being graded, which goes first; practice goes on after it. Before yours: {ahead}.")
    elif ahead is None:
        text = _("You had feedback on this task just now: yours begins in {wait} s. Until then you may hand in "
                 "again; the newer one counts.")  # fmt: skip
    else:
        text = _("Before yours: {ahead}. Your page should be there in about {seconds} s.")
    wait = max(0, round(attempt.due - ready.queue.clock()))
    return translate(text, language, ahead=ahead or 0, seconds=_rounded(seconds), wait=wait)


def _rounded(seconds: float) -> int:
    """To five seconds, to half a minute when there are many."""
    step = 5 if seconds < 100 else 30
    return max(step, round(seconds / step) * step)


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def told(message: Message) -> str:
    """A message on the terminal."""
    return say(message.text, **message.values)
