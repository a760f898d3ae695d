"""What the client does with answers: repeat, refuse, and keep people's data out of messages.

The answers are scripted through the replaceable transport: those of the real platform are in test_lti.py.
"""

import json
import random
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest

from autograder.errors import LmsError
from autograder.lms import config, keys
from autograder.lms.ags import WRITE_SCOPES, LineItem, LineItems, Result, Score, item_maximum
from autograder.lms.grades import GradeRow, Grades, State
from autograder.lms.ledger import Ledger
from autograder.lms.plan import make_plan
from autograder.lms.push import BATCH, Pusher
from autograder.lms.service import Service, below, next_page
from autograder.lms.transport import (
    Http,
    LmsRefused,
    LmsUnreachable,
    Reply,
    RequestsTransport,
    check_address,
    iso,
    refusal,
)

from .lti import FastClock

BASE = "https://lms.example.org"
TOKEN = Reply(200, {}, json.dumps({"access_token": "t", "expires_in": 3600, "scope": " ".join(WRITE_SCOPES)}).encode())


class Script:
    """A transport that gives the next answer of its script, and keeps what was asked."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, str, Mapping[str, str], bytes | None]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        self.requests.append((method, url, headers, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def reply(data: object = None, status: int = 200, **headers: str) -> Reply:
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, json.dumps(data).encode())


def http(*answers: Reply | Exception) -> tuple[Http, Script, FastClock]:
    script, clock = Script(*answers), FastClock()
    return Http(script, clock, random.Random(1)), script, clock


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> keys.Key:
    return keys.generate(tmp_path_factory.mktemp("key"))


def service(key: keys.Key, *answers: Reply | Exception) -> tuple[Service, Script]:
    client, script, _ = http(*answers)
    platform = config.Platform("tool", f"{BASE}/token", f"{BASE}/items?type_id=3")
    return Service(platform, [key], client, WRITE_SCOPES), script


def test_a_busy_platform_is_asked_again_when_it_says() -> None:
    client, script, clock = http(reply(status=429, retry_after="7"), reply(status=503), reply({"a": 1}))
    assert client.send("GET", BASE, {}).json() == {"a": 1}
    assert len(script.requests) == 3
    assert 7 + 0.5 <= clock.slept <= 7 + 1


def test_a_date_in_retry_after_is_understood() -> None:
    client, _, clock = http(reply(status=429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), reply())
    client.send("GET", BASE, {})
    assert clock.slept <= 0.5


def test_canvas_rate_limit_with_403_is_a_busy_platform() -> None:
    client, script, _ = http(Reply(403, {}, b"403 Forbidden (Rate Limit Exceeded)"), reply())
    assert client.send("GET", BASE, {}).status == 200
    assert len(script.requests) == 2


def test_a_wait_of_hours_is_not_waited_for() -> None:
    client, script, clock = http(reply(status=429, retry_after="7200"))
    with pytest.raises(LmsUnreachable, match="HTTP 429"):
        client.send("GET", BASE, {})
    assert (len(script.requests), clock.slept) == (1, 0)


def test_it_gives_up_in_the_end() -> None:
    client, script, _ = http(*[LmsUnreachable("gone")] * 6)
    with pytest.raises(LmsUnreachable):
        client.send("GET", BASE, {})
    assert len(script.requests) == 6


def test_what_must_not_be_repeated_is_sent_once() -> None:
    client, script, _ = http(reply(status=500))
    with pytest.raises(LmsUnreachable):
        client.send("POST", BASE, {}, lambda: b"x", repeatable=False)
    assert len(script.requests) == 1


def test_an_error_says_nothing_about_people() -> None:
    # what Moodle 4.5 answers for a user who is not enrolled
    body = b'Incorrect score received{"userId":"4","scoreGiven":17.5,"comment":"Dear Alice"}'
    assert str(refusal(Reply(400, {}, body))) == "The platform refused (HTTP 400, —)."
    assert str(refusal(reply({"error": "invalid_scope"}, 400))).endswith("(HTTP 400, invalid_scope).")
    assert "alice" not in str(refusal(reply({"error": "no user alice@example.org"}, 400)))


@pytest.mark.parametrize("url", ["http://lms.example.org/x", "ftp://127.0.0.1/", "lms.example.org", ""])
def test_grades_and_keys_travel_over_https_only(url: str) -> None:
    with pytest.raises(LmsError, match="https only"):
        check_address(url)
    check_address("https://lms.example.org/x")
    check_address("http://127.0.0.1:8080/x")


def test_a_refused_token_is_fetched_anew_once(key: keys.Key) -> None:
    found, script = service(key, TOKEN, reply(status=401), TOKEN, reply([]))
    assert LineItems(found, f"{BASE}/items?type_id=3").find("week1") is None
    assert [r[1].split("?")[0] for r in script.requests] == [f"{BASE}/token", f"{BASE}/items"] * 2
    found, script = service(key, TOKEN, reply(status=401), TOKEN, reply(status=401))
    with pytest.raises(LmsRefused, match="HTTP 401"):
        LineItems(found, f"{BASE}/items").find("week1")


def test_each_token_request_is_signed_anew(key: keys.Key) -> None:
    found, script = service(key, reply(status=500), TOKEN, reply([]))
    LineItems(found, f"{BASE}/items").find("week1")
    first, second = script.requests[0][3], script.requests[1][3]
    assert first != second  # a platform may refuse a jti that it saw


def test_a_redirect_is_refused(key: keys.Key) -> None:
    found, _ = service(key, TOKEN, reply(status=302, location="https://elsewhere.example.org"))
    with pytest.raises(LmsRefused, match="redirect"):
        LineItems(found, f"{BASE}/items").find("week1")


def test_a_login_page_is_no_answer(key: keys.Key) -> None:
    found, _ = service(key, Reply(200, {}, b"<html>Log in</html>"))
    with pytest.raises(LmsRefused, match="not JSON"):
        LineItems(found, f"{BASE}/items").find("week1")


def test_pages_are_followed_on_the_same_host_only(key: keys.Key) -> None:
    evil = '<https://evil.example.org/items?page=2>; rel="next"'
    found, _ = service(key, TOKEN, reply([], link=evil))
    with pytest.raises(LmsError, match="another host, evil"):
        LineItems(found, f"{BASE}/items").find("week1")


def test_pages_that_go_round_in_a_circle_end(key: keys.Key) -> None:
    loop = f'<{BASE}/items?resource_id=week1>; rel="next"'
    found, _ = service(key, TOKEN, reply([], link=loop))
    with pytest.raises(LmsRefused, match="no end"):
        LineItems(found, f"{BASE}/items").find("week1")


def test_a_link_that_cannot_be_read_is_not_the_end_of_the_list() -> None:
    assert next_page({"link": '</p?page=2>; rel="next"'}, f"{BASE}/p") == f"{BASE}/p?page=2"
    assert next_page({"link": '</p?page=1>; rel="prev"'}, f"{BASE}/p") == ""
    assert next_page({}, BASE) == ""
    # the word is elsewhere, the relation is another, there are several, and commas stand in addresses
    assert next_page({"link": '</next?a=next>; rel="last"; title="next"'}, BASE) == ""
    assert next_page({"link": '</a,b?x=1>; rel=first, </p,q>; title="a, b"; rel="last next"'}, BASE) == f"{BASE}/p,q"
    assert next_page({"link": "</p?page=3>;REL=Next"}, BASE) == f"{BASE}/p?page=3"
    # what Moodle 4.5 sends when results are limited
    moodle = "<https://lms.example.org/results?limit=2&amp;from=2>; rel=“next”"
    with pytest.raises(LmsRefused, match="cannot be read"):
        next_page({"link": moodle}, BASE)


def test_the_query_of_a_line_item_stays_behind_the_path() -> None:
    url = f"{BASE}/mod/lti/services.php/2/lineitems/7/lineitem?type_id=3"
    assert below(url, "scores") == f"{BASE}/mod/lti/services.php/2/lineitems/7/lineitem/scores?type_id=3"
    assert below(url, "results", user_id="a b") == url.replace("?", "/results?") + "&user_id=a+b"


def test_times_are_whole_seconds_with_a_zone() -> None:
    assert iso(0.9) == "1970-01-01T00:00:00.000+00:00"


def test_maxima_are_integers() -> None:
    assert (item_maximum(20.0), item_maximum(17.5)) == (20, 100)


def test_a_score_is_always_whole(key: keys.Key) -> None:
    found, script = service(key, TOKEN, reply())
    LineItems(found, BASE).send(LineItem(f"{BASE}/items/1", "w", 20), Score("u1", 0, 20, ""), 0)
    sent = json.loads(script.requests[1][3] or b"")
    assert sent == {
        "userId": "u1",
        "scoreGiven": 0,
        "scoreMaximum": 20,
        "comment": "",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "1970-01-01T00:00:00.000+00:00",
        "https://canvas.instructure.com/lti/submission": {"new_submission": False},
    }


ITEM = LineItem(f"{BASE}/items/1", "week1", 20)
GRADES = Grades("week1", 20, (GradeRow("alice", "u1", 17.5, 20, "", State.GRADED),), ())


def there(**points: float) -> Reply:
    """The platform's list of results."""
    return reply([{"userId": user, "resultScore": p, "resultMaximum": 20} for user, p in points.items()])


def push(found: Service, ledger: Path, grades: Grades = GRADES, **planned: Result) -> list[str]:
    with Ledger(ledger) as book:
        column = book.column(BASE, "week1", ITEM.url)
        steps = make_plan(grades, ITEM, planned, column)
        return [str(p) for p in Pusher(LineItems(found, BASE), ITEM, column, FastClock()).push(steps)]


def stamps(script: Script) -> list[str]:
    return [json.loads(r[3] or b"")["timestamp"] for r in script.requests if r[1].endswith("/scores")]


class Course:
    """A transport that answers as a platform does: scores are kept, except where `odd` says what comes instead."""

    def __init__(self, **odd: Reply | Exception) -> None:
        self.odd = odd
        self.kept: dict[str, float] = {}
        self.posts: list[str] = []
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        if url.endswith("/token"):
            return TOKEN
        if method == "GET":
            return there(**self.kept)
        score = json.loads(body or b"")
        with self._lock:
            self.posts.append(score["userId"])
            if answer := self.odd.get(score["userId"]):
                if isinstance(answer, Exception):
                    raise answer
                return answer
            self.kept[score["userId"]] = score["scoreGiven"]
        return reply()


def course(key: keys.Key, **odd: Reply | Exception) -> tuple[Service, Course]:
    transport = Course(**odd)
    platform = config.Platform("client", f"{BASE}/token", f"{BASE}/items")
    return Service(platform, [key], Http(transport, FastClock(), random.Random(1)), WRITE_SCOPES), transport


def a_class(size: int) -> Grades:
    return Grades("week1", 20, tuple(GradeRow(f"s{n}", f"u{n}", 1, 20, "", State.GRADED) for n in range(size)), ())


def test_an_unenrolled_learner_is_listed_after_two_refusals(key: keys.Key, tmp_path: Path) -> None:
    """Moodle answers 400."""
    empty = there()
    found, script = service(key, TOKEN, empty, reply(status=400), empty, reply(status=400), empty)
    assert push(found, tmp_path / "l") == ["alice: The platform refused (HTTP 400, —)."]
    assert len(stamps(script)) == 2
    assert stamps(script)[0] < stamps(script)[1]


@pytest.mark.parametrize("status", [403, 423, 500])
def test_a_locked_grade_or_one_that_cannot_be_saved_is_skipped_at_once_and_the_rest_goes_out(
    key: keys.Key, tmp_path: Path, status: int
) -> None:
    odd = dict.fromkeys(("u3", "u4", "u5", "u6"), reply(status=status))
    found, platform = course(key, **odd)
    problems = push(found, tmp_path / "l", a_class(100))
    assert [p.split(":")[0] for p in problems] == ["s3", "s4", "s5", "s6"]
    assert str(status) in problems[0]
    assert set(platform.kept) == {f"u{n}" for n in range(100)} - set(odd)
    assert len(platform.posts) == 100


def test_a_conflict_that_is_over_is_sent_with_a_later_time(key: keys.Key, tmp_path: Path) -> None:
    """Moodle answers 409 to a score that is not later than the last."""
    empty = there()
    found, script = service(key, TOKEN, empty, reply(status=409), empty, reply(), there(u1=17.5))
    assert push(found, tmp_path / "l") == []
    assert stamps(script)[0] < stamps(script)[1]


def test_a_score_the_platform_kept_to_itself_is_a_mismatch(key: keys.Key, tmp_path: Path) -> None:
    """Moodle answers 200 for a grade that a teacher has overridden, and keeps the teacher's."""
    found, _ = service(key, TOKEN, there(), reply(), there(u1=12))
    assert push(found, tmp_path / "l") == ["alice: sent 17.5, but the platform shows 12/20"]


def test_a_teacher_who_changes_the_grade_meanwhile_is_respected(key: keys.Key, tmp_path: Path) -> None:
    found, script = service(key, TOKEN, there(), LmsUnreachable("lost"), there(u1=12))
    script.answers.append(there(u1=12))
    assert push(found, tmp_path / "l") == ["alice: changed on the platform during the push: kept"]


def test_a_teacher_who_changes_the_grade_between_plan_and_write_is_respected(key: keys.Key, tmp_path: Path) -> None:
    found, script = service(key, TOKEN, there(u1=12))
    assert push(found, tmp_path / "l") == ["alice: changed on the platform during the push: kept"]
    assert stamps(script) == []


def test_a_push_right_after_another_waits_for_the_next_second(key: keys.Key, tmp_path: Path) -> None:
    now = int(FastClock().now())
    with Ledger(tmp_path / "l") as book:
        book.column(BASE, "week1", ITEM.url).intend([Score("u1", 3, 20, "")], now + 10)
    found, script = service(key, TOKEN, there(), reply(), there(u1=17.5))
    assert push(found, tmp_path / "l") == []
    assert stamps(script) == [iso(now + 11)]


def test_a_clock_far_behind_stops_the_push(key: keys.Key, tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as book:
        book.column(BASE, "week1", ITEM.url).intend([Score("u1", 3, 20, "")], int(FastClock().now()) + 3600)
    found, _ = service(key, TOKEN, there())
    with pytest.raises(LmsError, match="clock of this machine"):
        push(found, tmp_path / "l")


def test_a_platform_that_is_down_is_not_asked_for_each_learner(key: keys.Key, tmp_path: Path) -> None:
    found, script = service(key, TOKEN, *[LmsUnreachable("down")] * 500)
    with pytest.raises(LmsUnreachable):
        push(found, tmp_path / "l", a_class(50))
    assert len(script.requests) < 60


def test_a_platform_that_no_longer_lets_us_write_ends_the_push_after_one_batch(key: keys.Key, tmp_path: Path) -> None:
    found, platform = course(key, **{f"u{n}": reply(status=403) for n in range(200)})
    with pytest.raises(LmsRefused, match="HTTP 403"):
        push(found, tmp_path / "l", a_class(200))
    assert len(platform.posts) == BATCH


def test_a_busy_platform_is_obeyed_by_every_request(key: keys.Key, tmp_path: Path) -> None:
    """Nothing is asked between a 429 and the end of the time it names."""
    script = Script(TOKEN, there(), reply(status=429, retry_after="7"), there(), reply(), there(u1=17.5))
    clock = FastClock()
    asked: list[float] = []

    class Watched:
        def send(self, *request: Any) -> Reply:
            asked.append(clock.now())
            return script.send(*request)

    platform = config.Platform("client", f"{BASE}/token", f"{BASE}/items")
    found = Service(platform, [key], Http(Watched(), clock, random.Random(1)), WRITE_SCOPES)
    assert push(found, tmp_path / "l") == []
    assert asked[3] - asked[2] >= 7


def test_two_keys_are_valid_while_the_platform_changes_to_the_new_one(key: keys.Key, tmp_path: Path) -> None:
    second = keys.generate(tmp_path)
    script = Script(reply({"error": "invalid_client"}, 400), TOKEN, there())
    platform = config.Platform("client", f"{BASE}/token", f"{BASE}/items")
    found = Service(platform, [key, second], Http(script, FastClock(), random.Random(1)), WRITE_SCOPES)
    assert LineItems(found, BASE).results(ITEM) == {}
    used = [
        jwt.get_unverified_header(dict(parse_qsl((r[3] or b"").decode()))["client_assertion"])
        for r in script.requests[:2]
    ]
    assert [header["kid"] for header in used] == [key.id, second.id]


def test_a_platform_without_tags_has_one_column_and_another_tools_is_not_ours(key: keys.Key) -> None:
    item = {"id": ITEM.url, "label": "w", "scoreMaximum": 20, "resourceId": "week1"}
    for entry in (item, {**item, "tag": ""}, {**item, "tag": "autograder"}):
        found, script = service(key, TOKEN, reply([entry]))
        assert LineItems(found, f"{BASE}/items").find_or_create("week1", "week1", 20).url == ITEM.url
        assert "tag" not in script.requests[1][1]
    found, _ = service(key, TOKEN, reply([{**item, "tag": "quiz"}, {**item, "resourceId": "week2"}]))
    assert LineItems(found, f"{BASE}/items").find("week1") is None


def test_pages_of_100_are_asked_of_canvas_and_no_page_of_others(key: keys.Key) -> None:
    for base, size in (
        (f"{BASE}/api/lti/courses/1/line_items", "limit=100"),
        (f"{BASE}/mod/lti/services.php/2/lineitems", ""),
    ):
        script = Script(TOKEN, reply([]))
        platform = config.Platform("client", f"{BASE}/token", base)
        found = Service(platform, [key], Http(script, FastClock()), WRITE_SCOPES)
        LineItems(found, base).find("week1")
        assert ("limit=" in script.requests[1][1]) == bool(size)
        assert size in script.requests[1][1]


def test_answers_may_point_to_a_host_that_lms_toml_names(key: keys.Key) -> None:
    script = Script(TOKEN, reply([], link='<https://school.example.net/items?page=2>; rel="next"'), reply([]))
    platform = config.Platform("client", f"{BASE}/token", f"{BASE}/items", hosts=("school.example.net",))
    found = Service(platform, [key], Http(script, FastClock()), WRITE_SCOPES)
    assert LineItems(found, f"{BASE}/items").find("week1") is None
    assert script.requests[2][1].startswith("https://school.example.net/items")


def test_the_transport_gives_up_in_time_and_names_the_host_only() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/items?user_id=alice"
        with pytest.raises(LmsUnreachable) as error:
            RequestsTransport(0.2, 0.2).send("GET", url, {}, None)
    assert str(error.value) == "No answer from 127.0.0.1 (ReadTimeout)."


def test_an_answer_without_end_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as endless:

        def pour() -> None:
            connection, _ = endless.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b"x" * 2**20)
                except OSError:
                    pass

        thread = threading.Thread(target=pour)
        thread.start()
        with pytest.raises(LmsUnreachable):
            RequestsTransport(5, 5).send("GET", f"http://127.0.0.1:{endless.getsockname()[1]}/", {}, None)
        thread.join()
