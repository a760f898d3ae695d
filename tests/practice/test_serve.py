"""The page over HTTP: who may see what, what is refused, and what a stranger's bytes do."""

import gzip
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.mini.course import MiniCourse
from tests.practice.serving import SECONDS, Answer, Client, notebook, serving

OPEN = "c.Practice.cooldown_seconds = 0\nc.Practice.max_notebook_bytes = 200_000\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> MiniCourse:
    return MiniCourse(tmp_path_factory.mktemp("course"), extra=OPEN)


@pytest.fixture(scope="module")
def address(course: MiniCourse) -> Iterator[str]:
    with serving(course) as address:
        yield address


@pytest.fixture
def client(address: str) -> Client:
    """A browser that was here once."""
    client = Client(address)
    assert client.ask("/").status == 200
    return client


def page_of(client: Client, answer: Answer) -> Answer:
    """The feedback page that an accepted notebook leads to."""
    assert answer.status == 303, answer.text
    attempt = answer.headers["Location"]
    end = time.monotonic() + SECONDS
    while json.loads(client.ask(f"{attempt}/state").text)["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.2)
    onward = client.ask(attempt)
    assert onward.status == 303, onward.text
    return client.ask(onward.headers["Location"])


def test_a_notebook_leads_to_its_page_which_nobody_else_sees(client: Client, course: MiniCourse, address: str) -> None:
    answer = client.hand_in(notebook(course, word="word = 'left'"), name="../../etc/passwd")
    page = page_of(client, answer)
    assert page.status == 200
    assert "The word is another one." in page.text
    assert "sandbox" in page.headers["Content-Security-Policy"]
    other = Client(address)
    other.ask("/")
    for end in ("", "/state", "/page"):
        assert other.ask(answer.headers["Location"] + end).status == 404
        assert Client(address).ask(answer.headers["Location"] + end).status == 404
    assert "2 of 3 checks passed" in client.ask("/").text
    assert "checks passed" not in other.ask("/").text
    page_of(client, client.hand_in(notebook(course)))
    assert "A tiny assignment: 0 → 1" in client.ask("/").text


def test_every_answer_forbids_what_it_does_not_need(client: Client) -> None:
    for path, status in (("/", 200), ("/attempt/999999", 404), ("/nothing", 404)):
        answer = client.ask(path)
        assert answer.status == status
        if status == 200 or "attempt" in path:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_forms_of_other_sites_are_refused(client: Client, course: MiniCourse) -> None:
    assert client.hand_in(notebook(course), xsrf="forged").status == 403
    assert client.hand_in(notebook(course), xsrf="").status == 403


def test_forged_ids_and_cookies_find_nothing(client: Client, address: str) -> None:
    for number in ("0", "1", "999999999999"):
        assert client.ask(f"/attempt/{number}").status == 404
    for path in ("/attempt/-1", "/attempt/1e3", "/attempt/%2e%2e%2f1", "/attempt/1/../2/page", "/static/../web.py",
                 "/static/practice.css%00", "/static/%2e%2e/queue.py"):  # fmt: skip
        assert client.ask(path).status == 404
    forged = Client(address, {"practice-student": "2|1:0|10:1|16:practice-student|8:Z3Vlc3Q=|00"})
    assert "None yet." in forged.ask("/").text
    assert forged.cookies["practice-student"] != "2|1:0|10:1|16:practice-student|8:Z3Vlc3Q=|00"


def test_what_is_no_notebook_is_refused_with_a_sentence(client: Client, course: MiniCourse) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    for raw in (b"", b"PK\x05\x06" + bytes(18), bomb, b"[" * 100_000, b'{"cells": 1}', b"\xff\xfe"):
        answer = client.hand_in(raw)
        assert answer.status in (400, 422), raw[:20]
        assert 'role="alert"' in answer.text
    assert client.hand_in(notebook(course), assignment="other").status == 422
    assert client.hand_in(notebook(course), assignment="<script>").text.count("<script>") == 0


def test_what_is_too_large_is_told_before_and_cut_off_at_the_door(client: Client, course: MiniCourse) -> None:
    assert 'data-largest="200000"' in client.ask("/").text
    slightly = client.hand_in(notebook(course) + b" " * 210_000)
    assert slightly.status == 422
    assert "Clear its outputs" in slightly.text
    try:
        status = client.hand_in(bytes(100_000_000)).status
    except OSError:  # the connection is closed while it sends
        status = 400
    assert status == 400
    assert client.ask("/health").text == "ok"


def test_a_packed_request_is_not_unpacked(client: Client) -> None:
    answer = client.ask("/", method="POST", body=gzip.compress(bytes(100_000_000))[:150_000], Content_Encoding="gzip",
                        Content_Type="multipart/form-data; boundary=x")  # fmt: skip
    assert answer.status in (400, 403)


def test_the_page_speaks_the_readers_language(client: Client) -> None:
    assert '<html lang="fr">' in client.ask("/", Accept_Language="fr-FR,fr;q=0.9,en;q=0.5").text
    assert '<html lang="en">' in client.ask("/", Accept_Language="de,en;q=0.5").text
    assert '<html lang="fr">' in client.ask("/?lang=fr").text
    assert '<html lang="fr">' in client.ask("/").text


def test_the_graders_page_and_figures_are_for_who_has_the_key(client: Client, course: MiniCourse, address: str) -> None:
    for factor in (3, 4):
        page_of(client, client.hand_in(notebook(course, double=f"def double(x):\n    return {factor} * x")))
    token = (course.root / ".autograder" / "practice" / "grader-token").read_text()
    for path in ("/grader", "/grader?key=", "/grader?key=guessed"):
        assert client.ask(path).status == 404
    grader = Client(address)
    grader.ask("/")
    assert grader.ask(f"/grader?key={token}").status == 302
    page = grader.ask("/grader").text
    assert 'double</code> gives something else. <span class="quiet">1 student</span>' in page
    for headers in ({}, {"Authorization": "Bearer guessed"}):
        assert client.ask("/metrics", **headers).status == 403
    figures = client.ask("/metrics", Authorization=f"Bearer {token}").text
    assert 'practice_attempts{state="done"}' in figures
    assert 'practice_page_seconds{quantile="0.95"}' in figures
    assert "practice_waiting 0.0" in figures
    assert "guest-" not in figures


def test_another_name_for_this_machine_is_refused(client: Client) -> None:
    assert client.ask("/", Host="evil.example:80").status == 403


def test_after_the_deadline_nothing_is_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    extra = OPEN + "c.Practice.deadlines = {'mini': '2026-03-02 18:00:00 UTC'}\n"
    course = MiniCourse(tmp_path_factory.mktemp("over"), extra=extra)
    with serving(course, "--token", "a-token", "--address", "0.0.0.0") as address:
        stranger = Client(address.replace("0.0.0.0", "127.0.0.1"))
        assert stranger.ask("/").status == 403
        assert stranger.ask("/?token=another").status == 403
        assert stranger.cookies.keys() <= {"_xsrf"}
        client = Client(stranger.address)
        assert client.ask("/?token=a-token").status == 302
        assert urlsplit(client.ask("/?token=a-token").headers["Location"]).query == ""
        answer = client.hand_in(notebook(course))
        assert answer.status == 422
        assert "Practice has ended on 2026-03-02 18:00 UTC." in answer.text
