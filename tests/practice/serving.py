"""`python -m autograder practice --serve` in a process of its own, and a browser's part of HTTP."""

import http.client
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

from tests.mini.course import MiniCourse

SECONDS = 240


@contextmanager
def serving(course: MiniCourse, *options: str) -> Iterator[str]:
    """Serve practice of a course on a free port; yields the address that it says."""
    command = [sys.executable, "-m", "autograder", "practice", "--serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=course.root, env=course.environment(), text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = re.search(r"http://\S+", said)
        assert address, said
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Client:
    """One browser: keeps cookies, follows nothing."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """One request; `path` is below the address."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body or None, {**own, **sent})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.coded_value for name, morsel in SimpleCookie(cookie).items()}
        return Answer(answer.status, dict(answer.headers), text)

    def hand_in(
        self, raw: bytes, *, name: str = "m.ipynb", assignment: str = "mini", xsrf: str | None = None
    ) -> Answer:
        """Submit the form."""
        token = re.search(r'name="_xsrf" value="([^"]*)"', self.ask("/").text)
        assert token
        fields = {"_xsrf": token[1] if xsrf is None else xsrf, "assignment": assignment}
        body, kind = form(fields, raw, name)
        return self.ask("/", method="POST", body=body, Content_Type=kind)


def form(fields: Mapping[str, str], raw: bytes, name: str) -> tuple[bytes, str]:
    """A multipart form with one file: (body, content type)."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="notebook"; filename="{name}"\r\n\r\n'
    return (
        "".join(parts).encode() + head.encode() + raw + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def notebook(course: MiniCourse, **cells: str) -> bytes:
    """A notebook's bytes."""
    folder: Path = course.hand_in("x", **cells)
    return (folder / "m.ipynb").read_bytes()
