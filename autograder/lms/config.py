"""`lms.toml`: what an administrator of the platform gives once. No secret is in it.

[platform]
client_id = "…"
token_url = "https://…"
lineitems_url = "https://…"
memberships_url = "https://…"      # for `lms roster`
audience = "https://…"             # if the platform wants another than token_url
key = "lms-key.pem"                # beside this file
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from autograder.errors import LmsError
from autograder.i18n import _
from autograder.lms.http import check_address


@dataclass(frozen=True, slots=True)
class Platform:
    """Addresses and name of the tool on one platform, for one course."""

    client_id: str
    token_url: str
    lineitems_url: str
    memberships_url: str = ""
    audience: str = ""
    key: str = "lms-key.pem"

    @property
    def origins(self) -> frozenset[tuple[str, str]]:
        """Where a token may be sent: scheme and host of the service addresses."""
        urls = [url for url in (self.lineitems_url, self.memberships_url) if url]
        return frozenset((urlsplit(url).scheme, urlsplit(url).netloc) for url in urls)


def load(path: Path) -> Platform:
    """Read `path`. Raises LmsError naming what is missing, unknown or not text, or an unsafe address."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("platform", {})
    except OSError as error:
        text = _("Cannot read {path}: {reason}. The page “Grades to an LMS” says what goes into it.")
        raise LmsError(text, path=path, reason=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LmsError(_("{path} is not TOML: {reason}"), path=path, reason=error) from error
    known = [f.name for f in fields(Platform)]
    if not isinstance(found, dict):
        raise LmsError(_("{path}: [platform] must be a table."), path=path)
    if odd := sorted(set(found) - set(known)):
        text = _("{path}: unknown setting {odd} in [platform]. Known: {known}.")
        raise LmsError(text, path=path, odd=", ".join(odd), known=", ".join(known))
    for name in ("client_id", "token_url", "lineitems_url"):
        if not found.get(name):
            raise LmsError(_("{path}: “{name}” is missing in [platform]."), path=path, name=name)
    for name, value in found.items():
        if not isinstance(value, str):
            raise LmsError(_("{path}: “{name}” must be text in quotes."), path=path, name=name)
        if name.endswith("_url"):
            check_address(value)
    return Platform(**found)
