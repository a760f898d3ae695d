"""Practice without a hub: for oneself, or for a class in one room. Each browser is a student, by a signed cookie."""

import hmac
import secrets
from pathlib import Path
from typing import Any

from tornado import httpserver, web

from autograder.i18n import _, translate
from autograder.practice.course import drawn
from autograder.practice.routes import HANDLERS, routes
from autograder.practice.service import Service
from autograder.practice.web import Base

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
COOKIE, GRADER = "practice-student", "practice-grader"
MONTH = 31  # days
MARGIN = 64 << 10  # bytes of a form beside its notebook
NO_TOKEN = _("Open the address with the token that your teacher shows: …/?token=…")


def application(service: Service, token: str, key: bytes, largest: int) -> httpserver.HTTPServer:
    """A server for whoever has the token; for this machine's own browsers when there is none.

    Arguments:
        key: signs the cookies.
        largest: bytes of a notebook.
    """
    kinds: dict[type[Base], type[Base]] = {kind: _local(kind, token) for kind in HANDLERS}
    settings: dict[str, Any] = {"cookie_secret": key, "xsrf_cookies": True, "login_url": service.prefix,
                                "xsrf_cookie_kwargs": {"samesite": "Lax", "httponly": True}}  # fmt: skip
    return bounded(web.Application(routes(service, kinds), **settings), largest)


def bounded(app: web.Application, largest: int) -> httpserver.HTTPServer:
    """A server that takes a notebook of so many bytes in a form. It unpacks nothing, and closes on what is larger."""
    return httpserver.HTTPServer(app, max_body_size=largest + MARGIN, max_buffer_size=largest + 2 * MARGIN)


def _local(kind: type[Base], token: str) -> type[Base]:
    class Local(_Cookies, kind):  # type: ignore[valid-type, misc]
        """`kind`, with students that are known by a cookie."""

        def prepare(self) -> None:
            host = self.request.host.rsplit(":", 1)[0]
            if not token and host not in LOOPBACK:  # another site's name that leads here, in a browser of this machine
                raise web.HTTPError(403)
            given = self.get_query_argument("token", "")
            if token and not self.current_user and not _same(given, token):
                self.set_status(403)
                self.show("error.html.j2", text=translate(NO_TOKEN, self.language))
                return
            if not self.current_user:
                self.new_student()
            if given:  # out of the address: it is shown on a screen, and kept by the browser
                self.redirect(self.request.path)
                return
            super().prepare()

    return Local


class _Cookies(web.RequestHandler):
    """Who asks, by signed cookies."""

    service: Service

    def new_student(self) -> None:
        """Give this browser a name."""
        self.current_user = f"guest-{secrets.token_hex(6)}"
        self.set_signed_cookie(COOKIE, self.current_user, expires_days=MONTH, httponly=True, samesite="Lax")

    def get_current_user(self) -> str | None:
        """Called by tornado."""
        name = self.get_signed_cookie(COOKIE, max_age_days=MONTH)
        return name.decode() if name else None

    @property
    def student(self) -> str:
        """The browser's name."""
        return str(self.current_user)

    @property
    def is_grader(self) -> bool:
        """Whether this browser came with the grader's key, now or before."""
        if _same(self.get_query_argument("key", ""), self.service.ready.token):
            self.set_signed_cookie(GRADER, "yes", expires_days=MONTH, httponly=True, samesite="Lax")
            return True
        return self.get_signed_cookie(GRADER, max_age_days=MONTH) == b"yes"


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def signing_key(folder: Path) -> bytes:
    """What cookies are signed with: kept, so that students have their attempts when practice starts again."""
    return drawn(folder / "cookies").encode()
