"""`lms.toml`: what an administrator of the platform gives once. No secret is in it.

[platform]
client_id = "…"
token_url = "https://…"
lineitems_url = "https://…"
memberships_url = "https://…"      # for `lms roster`
audience = "https://…"             # if the platform wants another than token_url
key = "lms-key.pem"                # beside this file
hosts = ["…"]                      # other hosts of the platform that its answers may point to
page_size = 100                    # of lists; 0: as the platform likes

[platform.columns]                 # assignments whose column exists already: its address
week1 = "https://…"

[sections.NAME]                    # one for each course there: lineitems_url, memberships_url, columns
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.transport import check_address

OF_A_COURSE = ("lineitems_url", "memberships_url", "columns")
CANVAS = "/api/lti/courses/"  # its pages have ten entries unless it is told otherwise


@dataclass(frozen=True, slots=True)
class Platform:
    """Addresses and name of the tool on one platform, for one course (`section`: its name here).

    `columns`: assignment → address of its line item, where that exists already.
    """

    client_id: str
    token_url: str
    lineitems_url: str
    memberships_url: str = ""
    audience: str = ""
    key: str = "lms-key.pem"
    hosts: tuple[str, ...] = ()
    page_size: int = -1
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    section: str = ""

    @property
    def origins(self) -> frozenset[tuple[str, str]]:
        """Where a token may be sent: scheme and host of the service addresses, and the hosts that are named."""
        urls = [url for url in (self.lineitems_url, self.memberships_url) if url]
        named = {("https", host) for host in self.hosts}
        return frozenset((urlsplit(url).scheme, urlsplit(url).netloc) for url in urls) | named

    @property
    def limit(self) -> int:
        """Entries to ask for in each page of a list; 0: leave that to the platform.

        Asked of Canvas only unless it is set: Moodle's next page cannot be read, and Open edX cuts the list off.
        """
        if self.page_size >= 0:
            return self.page_size
        return 100 if CANVAS in self.lineitems_url else 0


def load(path: Path) -> list[Platform]:
    """Read `path`: the platform, once for each of its courses.

    Raises LmsError naming what is missing, unknown or of the wrong type, or an unsafe address.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        text = _("Cannot read {path}: {reason}. The page “Grades to an LMS” says what goes into it.")
        raise LmsError(text, path=path, reason=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LmsError(_("{path} is not TOML: {reason}"), path=path, reason=error) from error
    shared = _table(path, "[platform]", found.get("platform", {}))
    sections = _table(path, "[sections]", found.get("sections", {}))
    known = [f.name for f in fields(Platform) if f.name != "section"]
    tables = {"": shared} | {name: _table(path, f"[sections.{name}]", part) for name, part in sections.items()}
    for name, table in tables.items():
        _check(path, f"[sections.{name}]" if name else "[platform]", table, OF_A_COURSE if name else known)
    courses = {name: shared | table for name, table in tables.items() if name or not sections}
    for name, table in courses.items():
        for setting in ("client_id", "token_url", "lineitems_url"):
            if not table.get(setting):
                where = f"[sections.{name}]" if name and setting in OF_A_COURSE else "[platform]"
                raise LmsError(_("{path}: “{name}” is missing in {where}."), path=path, name=setting, where=where)
    return [
        Platform(**{**table, "hosts": tuple(table.get("hosts", ()))}, section=name) for name, table in courses.items()
    ]


def _table(path: Path, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LmsError(_("{path}: {where} must be a table."), path=path, where=name)
    return value


def _check(path: Path, where: str, table: Mapping[str, Any], known: Any) -> None:
    if odd := sorted(set(table) - set(known)):
        text = _("{path}: unknown setting {odd} in {where}. Known: {known}.")
        raise LmsError(text, path=path, odd=", ".join(odd), where=where, known=", ".join(known))
    for name, value in table.items():
        if name == "page_size":
            fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000
            text = _("{path}: “{name}” must be a number from 0 to 10000.")
        elif name == "hosts":
            fits = isinstance(value, list) and all(isinstance(v, str) and v and "/" not in v for v in value)
            text = _("{path}: “{name}” must be a list of host names.")
        elif name == "columns":
            fits = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
            text = _("{path}: “{name}” must name an address for each assignment.")
        else:
            fits, text = isinstance(value, str), _("{path}: “{name}” must be text in quotes.")
        if not fits:
            raise LmsError(text, path=path, name=name)
        for url in value.values() if name == "columns" else [value] if name.endswith("_url") else []:
            check_address(url)
