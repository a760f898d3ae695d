"""The platform's services with an access token (1EdTech Security Framework 1.0, section 4.1).

The token is asked for with a JWT signed by the tool's key (RFC 7523): no web server, no launch.
"""

import functools
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import jwt

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.config import Platform
from autograder.lms.keys import Key
from autograder.lms.transport import Http, LmsRefused, Reply, refusal

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_PAGES = 1000


class Service:
    """Authorized requests to one platform. A token is fetched when needed and again when it is refused."""

    def __init__(self, platform: Platform, keys: Sequence[Key], http: Http, scopes: Sequence[str]) -> None:
        """`keys`: the tool's, tried in this order; there are two while a platform changes to a new one."""
        self.http = http
        self._platform = platform
        self._keys = list(keys)
        self._lock = threading.Lock()
        self._scopes = tuple(scopes)
        self._token = ""
        self._expires = 0.0  # on the monotonic clock

    def request(self, method: str, url: str, media_type: str, data: Any = None, *, repeatable: bool = True) -> Reply:
        """Send `data` as JSON of `media_type`, or ask for `media_type` when there is none.

        Raises LmsRefused for an error status, LmsUnreachable, and LmsError for an address elsewhere.
        """
        self._check_origin(url)
        body = None if data is None else json.dumps(data).encode()
        headers = {"Accept": media_type} if body is None else {"Content-Type": media_type, "Accept": "*/*"}
        token = self._access_token("")
        for refused in (False, True):
            reply = self.http.send(
                method,
                url,
                {**headers, "Authorization": f"Bearer {token}"},
                None if body is None else lambda: body,
                repeatable=repeatable,
            )
            if reply.status != 401 or refused:
                break
            token = self._access_token(token)
        if reply.status >= 400:
            raise refusal(reply)
        if reply.status >= 300:
            text = _("The platform answers with a redirect (HTTP {status}): is the address right?")
            raise LmsRefused(text, status=reply.status)
        return reply

    def authorize(self) -> None:
        """Ask for a token. Raises LmsRefused when the platform does not grant all scopes."""
        self._access_token("")

    def pages(self, url: str, media_type: str) -> Iterator[Any]:
        """The JSON of `url` and of all pages that follow it (RFC 8288, rel="next")."""
        seen: set[str] = set()
        if self._platform.limit and "limit=" not in urlsplit(url).query:
            url = below(url, "", limit=str(self._platform.limit))
        while url:
            if url in seen or len(seen) >= MOST_PAGES:
                raise LmsRefused(_("The platform's list of pages has no end."))
            seen.add(url)
            reply = self.request("GET", url, media_type)
            yield reply.json()
            url = next_page(reply.headers, url)

    def _access_token(self, refused: str) -> str:
        """A token other than `refused`; asked for once, however many requests want it at the same time."""
        with self._lock:
            if self._token == refused or not self._token or time.monotonic() >= self._expires:
                reply = self._ask_for_token()
                if reply.status >= 300:
                    raise refusal(reply)
                self._take(reply.json())
            return self._token

    def _ask_for_token(self) -> Reply:
        for key in list(self._keys):
            reply = self.http.send(
                "POST",
                self._platform.token_url,
                {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                functools.partial(self._token_request, key),
            )
            if reply.status < 300:
                self._keys.sort(key=lambda k: k is not key)  # the one that works comes first from here on
                break
        return reply

    def _take(self, answer: Any) -> None:
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise LmsRefused(_("The platform's answer has no access token: is token_url right?"))
        # a platform may grant less than was asked for, and still answer 200
        granted = str(answer.get("scope") or " ".join(self._scopes)).split()
        if missing := [s for s in self._scopes if s not in granted]:
            text = _("The platform does not grant: {missing}. Allow it in the tool's settings there.")
            raise LmsRefused(text, missing=", ".join(s.rsplit("/", 1)[1] for s in missing))
        lifetime = float(answer.get("expires_in") or 3600)
        self._token, self._expires = answer["access_token"], time.monotonic() + max(0.0, lifetime - 60)

    def _token_request(self, key: Key) -> bytes:
        now = int(time.time())
        claims = {
            "iss": self._platform.client_id,
            "sub": self._platform.client_id,
            "aud": self._platform.audience or self._platform.token_url,
            "iat": now,
            "exp": now + 60,
            "jti": uuid.uuid4().hex,
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.id}),
            "scope": " ".join(self._scopes),
        }
        return urlencode(form).encode()

    def _check_origin(self, url: str) -> None:
        """A token goes only to the host of the addresses in lms.toml, whatever an answer says."""
        if origin(url) not in self._platform.origins:
            text = _("The platform points to another host, {host}: refused.")
            raise LmsError(text, host=urlsplit(url).hostname or "?")


def origin(url: str) -> tuple[str, str]:
    """Scheme and network location."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


_LINK = re.compile(r"<([^>]*)>((?:[^\",<]|\"[^\"]*\")*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def next_page(headers: Mapping[str, str], url: str) -> str:
    """The address of the next page, "" when there is none (RFC 8288).

    Raises LmsRefused for a Link header that names a next page in a way nobody can read: a list that is cut
    off silently would look like people who left the course.
    """
    for target, parameters in _LINK.findall(headers.get("link", "")):
        found = _RELATION.search(parameters)
        relations = (found.group(1) or found.group(2) or "").lower().split() if found else []
        if "next" in relations:
            return str(urljoin(url, target))
        if "next" in [relation.strip("“”‘’'") for relation in relations]:
            raise LmsRefused(_("The platform's list goes on, but its Link header cannot be read."))
    return ""


def below(url: str, name: str, **query: str) -> str:
    """`url` with `/name` after its path and `query` added: line item addresses have a query of their own."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
    path = f"{parts.path.rstrip('/')}/{name}" if name else parts.path
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(pairs), ""))
