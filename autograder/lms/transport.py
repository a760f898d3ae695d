"""HTTP that gives up in time, tries again with care, and says nothing about people.

A `Transport` sends one request; `Http` repeats it where that cannot do harm. Errors:

LmsError
├── LmsUnreachable     no complete answer: the request may or may not have had an effect
└── LmsRefused         the platform answered with an error `status`
"""

import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from autograder.errors import LmsError
from autograder.i18n import _

LARGEST_BODY = 32 * 2**20  # bytes; results of a large course are some hundred kB
LONGEST_WAIT = 120.0  # seconds that Retry-After may ask for
THROTTLED = re.compile(rb"rate limit exceeded", re.IGNORECASE)  # Canvas before October 2025: 403


class LmsUnreachable(LmsError):
    """No complete answer: the request may or may not have had an effect. `wait`: seconds asked for."""

    wait: float = 0.0
    status: int = 0  # of an answer that says nothing; 0: there was none


class LmsRefused(LmsError):
    """The platform answered with an error."""

    status: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises LmsRefused when it is not: a login page, for example."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise LmsRefused(_("The platform's answer is not JSON: is the address in lms.toml right?")) from error


class Transport(Protocol):
    """Sends one request, once. Raises LmsUnreachable when there is no complete answer."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply: ...


class Clock(Protocol):
    """Seconds since 1970 in UTC, and waiting: replaced in tests."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RequestsTransport:
    """`requests` with time-outs, no redirects (a token must not follow one) and a bound on the answer.

    `connect` and `read` are seconds; an answer that drips is cut off after 4 × `read`.
    """

    def __init__(self, connect: float = 10.0, read: float = 30.0) -> None:
        self._local = threading.local()  # requests does not promise that threads may share a session
        self._timeout = (connect, read)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        try:
            with self._session().request(
                method,
                url,
                headers=dict(headers),
                data=body,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = self._read(answer)
                names = {k.lower(): v for k, v in answer.headers.items()}
                return Reply(answer.status_code, names, content)
        except requests.RequestException as error:
            kind = type(error).__name__  # not its text, which has the address with its query
            text = _("No answer from {host} ({kind}).")
            raise LmsUnreachable(text, host=urlsplit(url).hostname or "?", kind=kind) from error

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            # an auth of our own, if only an empty one, keeps requests from taking passwords out of ~/.netrc
            self._local.session.auth = lambda request: request
        session: requests.Session = self._local.session
        return session

    def _read(self, answer: requests.Response) -> bytes:
        end = time.monotonic() + 4 * self._timeout[1]
        body = bytearray()
        for chunk in answer.iter_content(65536):
            body += chunk
            if len(body) > LARGEST_BODY or time.monotonic() > end:
                raise requests.Timeout
        return bytes(body)


class Http:
    """Requests that are repeated, with growing pauses, when the platform was busy or not to be reached."""

    def __init__(
        self, transport: Transport, clock: Clock, chance: random.Random | None = None, attempts: int = 6
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.attempts = attempts
        self._resume = 0.0  # when the platform wants the next request, of whatever thread
        self._chance = chance or random.Random()  # noqa: S311  # spreads pauses, protects nothing

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], bytes] | None = None,
        *,
        repeatable: bool = True,
    ) -> Reply:
        """Send until there is an answer other than 429 or 5xx; once only if not `repeatable`.

        `body` is called for each attempt. Raises LmsUnreachable when the last attempt failed too.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(method, url, headers, body() if body else None)
            except LmsUnreachable as error:
                if not repeatable or attempt >= self.attempts:
                    raise
                self.pause(attempt, error)

    def pause(self, attempt: int, error: LmsUnreachable) -> None:
        """Wait as long as the platform asked for, or 0.5, 1, 2 … 16 s, shortened at random by up to half.

        Raises `error` when the platform asks for more than LONGEST_WAIT.
        """
        if error.wait > LONGEST_WAIT:
            raise error
        backoff = 0.5 * 2 ** min(attempt - 1, 5) * self._chance.uniform(0.5, 1)
        self.clock.sleep(max(error.wait, backoff))

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        check_address(url)
        while (ahead := self._resume - self.clock.now()) > 0:
            self.clock.sleep(ahead)
        reply = self.transport.send(method, url, headers, body)
        busy = reply.status == 403 and THROTTLED.search(reply.body)
        if reply.status == 429 or reply.status >= 500 or busy:
            text = _("The platform cannot answer now (HTTP {status}).")
            error = LmsUnreachable(text, status=reply.status)
            error.status = reply.status
            error.wait = self._retry_after(reply.headers.get("retry-after", ""))
            if error.wait <= LONGEST_WAIT:
                self._resume = max(self._resume, self.clock.now() + error.wait)
            raise error
        return reply

    def _retry_after(self, value: str) -> float:
        """Seconds from a number or a date (RFC 9110, 10.2.3); 0 when there is none."""
        if re.fullmatch(r"\d{1,6}", value.strip()):
            return float(value)
        try:
            when = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return 0.0
        return max(0.0, when.timestamp() - self.clock.now())


def check_address(url: str) -> None:
    """Raises LmsError unless `url` is https, or http on this machine."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        raise LmsError(_("Grades and keys travel over https only. Refused: {url}"), url=url.split("?")[0])


def refusal(reply: Reply) -> LmsRefused:
    """The error of a reply ≥ 400. Of the body only a short code like `invalid_scope` is kept: platforms
    echo names and ids in it."""
    code = ""
    try:
        code = json.loads(reply.body)["error"]
    except (ValueError, KeyError, TypeError):
        pass
    if not (isinstance(code, str) and re.fullmatch(r"[A-Za-z_ -]{3,60}", code)):
        code = "—"
    error = LmsRefused(_("The platform refused (HTTP {status}, {code})."), status=reply.status, code=code)
    error.status = reply.status
    return error


def iso(seconds: float) -> str:
    """A time as AGS wants it (ISO 8601 with a time zone), whole seconds: what Moodle compares."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat(timespec="milliseconds")
