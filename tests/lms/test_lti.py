"""LTI 1.3 against Open edX's own consumer: token, scopes, line items, scores, results, roster."""

import threading
import time
from pathlib import Path

import pytest
import requests
from nbgrader.api import Gradebook

from autograder.errors import LmsError
from autograder.lms import nrps
from autograder.lms.ags import CONTAINER, READ_SCOPES, LineItems, Score
from autograder.lms.config import Platform
from autograder.lms.keys import generate
from autograder.lms.ledger import Ledger
from autograder.lms.plan import Action, make_plan
from autograder.lms.push import Pusher
from autograder.lms.transport import LmsRefused

from .lti import Peer, grades_of, push, shown

pytestmark = pytest.mark.lti


def users(peer: Peer, **points: float) -> dict[str, float]:
    return {peer.users[name]: score for name, score in points.items()}


def test_grades_arrive_zero_and_fractions_too(peer: Peer, tmp_path: Path) -> None:
    items = peer.items()
    steps, problems = push(
        items, grades_of(peer, {"alice": 17.5, "bob": 0.0, "carol": 20.0}, "arrive"), tmp_path / "l.sqlite3"
    )
    assert [s.action for s in steps] == [Action.SEND] * 3
    assert problems == []
    assert shown(items, "arrive") == users(peer, alice=17.5, bob=0.0, carol=20.0)


def test_what_is_there_already_is_not_sent_again(peer: Peer, tmp_path: Path) -> None:
    grades = grades_of(peer, {"alice": 17.5, "bob": 0.0}, "again")
    push(peer.items(), grades, tmp_path / "l.sqlite3")
    steps, problems = push(peer.items(), grades, tmp_path / "l.sqlite3")
    assert [s.action for s in steps] == [Action.SAME, Action.SAME]
    assert problems == []


def test_the_line_item_is_found_again_not_made_twice(peer: Peer) -> None:
    first = peer.items().find_or_create("once", "Once", 20)
    assert peer.items().find_or_create("once", "Once", 20) == first
    assert peer.items().find("never") is None


def test_two_first_pushes_at_once_make_one_column(peer: Peer, tmp_path: Path) -> None:
    ledger, refused = tmp_path / "l.sqlite3", []

    def first_push() -> None:
        try:
            push(peer.items(), grades_of(peer, {"alice": 4.0}, "at-once"), ledger)
        except LmsError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=first_push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("Another push of the same assignment" in said for said in refused)
    assert len(refused) < 4
    assert shown(peer.items(), "at-once") == users(peer, alice=4.0)  # raises when there are two


def test_two_line_items_are_refused(peer: Peer) -> None:
    items = peer.items()
    data = {"label": "x", "scoreMaximum": 5, "resourceId": "twice", "tag": "autograder"}
    for _ in range(2):
        items.service.request("POST", items.url, "application/vnd.ims.lis.v2.lineitem+json", data)
    with pytest.raises(LmsRefused, match="2 line items for “twice”"):
        items.find("twice")


def test_a_maximum_with_a_fraction_becomes_percent(peer: Peer, tmp_path: Path) -> None:
    items = peer.items()
    grades = grades_of(peer, {"alice": 7.0}, "fraction", maximum=17.5)
    item = items.find_or_create("fraction", "fraction", 100)
    assert item.maximum == 100
    assert push(items, grades, tmp_path / "l.sqlite3")[1] == []
    assert shown(items, "fraction") == users(peer, alice=40.0)
    assert push(items, grades, tmp_path / "l.sqlite3")[0][0].action is Action.SAME


def test_a_replay_and_an_older_score_are_refused_by_the_platform(peer: Peer) -> None:
    items = peer.items()
    item = items.find_or_create("replay", "replay", 20)
    score, stamp = Score(peer.users["alice"], 5, 20, ""), time.time()
    items.send(item, score, stamp)
    for moment in (stamp, stamp - 3600):
        with pytest.raises(LmsRefused) as refused:
            items.send(item, score, moment)
        assert refused.value.status == 400


def test_a_refused_replay_is_resolved_by_looking(peer: Peer, tmp_path: Path) -> None:
    """The score is there with a later time than ours: the platform refuses, and shows what we wanted."""
    items = peer.items()
    item = items.find_or_create("resolve", "resolve", 20)
    comment = "resolve: 9.0"
    items.send(item, Score(peer.users["alice"], 9, 20, comment), time.time() + 600)
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        column = ledger.column(items.url, "resolve", item.url)
        # the plan was made before that score was there
        steps = make_plan(grades_of(peer, {"alice": 9.0}, "resolve"), item, {}, column)
        assert Pusher(items, item, column, items.service.http.clock).push(steps) == []


def test_a_time_in_the_future_on_the_platform_is_reported(peer: Peer, tmp_path: Path) -> None:
    items = peer.items()
    item = items.find_or_create("future", "future", 20)
    items.send(item, Score(peer.users["alice"], 3, 20, ""), time.time() + 86400)
    _, problems = push(items, grades_of(peer, {"alice": 9.0}, "future"), tmp_path / "l.sqlite3", overwrite=True)
    assert [str(p) for p in problems] == ["alice: The platform refused (HTTP 400, —)."]


def test_a_new_grade_replaces_our_own(peer: Peer, tmp_path: Path) -> None:
    for points in (5.0, 12.0, 0.0, 12.0):
        _, problems = push(peer.items(), grades_of(peer, {"alice": points}, "regrade"), tmp_path / "l.sqlite3")
        assert problems == []
        assert shown(peer.items(), "regrade") == users(peer, alice=points)


def test_a_teachers_change_on_the_platform_is_kept(peer: Peer, tmp_path: Path) -> None:
    items, ledger = peer.items(), tmp_path / "l.sqlite3"
    push(items, grades_of(peer, {"alice": 5.0}, "teacher"), ledger)
    item = items.find("teacher")
    assert item
    items.send(item, Score(peer.users["alice"], 8, 20, "teacher says"), time.time() + 2)
    items.service.http.clock.sleep(3)
    steps, _ = push(items, grades_of(peer, {"alice": 6.0}, "teacher"), ledger)
    assert [s.action for s in steps] == [Action.CHANGED]
    assert shown(items, "teacher") == users(peer, alice=8.0)
    steps, problems = push(items, grades_of(peer, {"alice": 6.0}, "teacher"), ledger, overwrite=True)
    assert problems == []
    assert shown(items, "teacher") == users(peer, alice=6.0)


def test_a_person_who_is_not_enrolled_does_not_stop_the_others(peer: Peer, tmp_path: Path) -> None:
    """Open edX takes a score for anybody; Moodle answers 400 (see test_transport.py)."""
    grades = grades_of(peer, {"alice": 4.0}, "stranger")
    stranger = grades_of(
        Peer(peer.platform, peer.key, peer.key_file, {"zoe": "not-enrolled"}), {"zoe": 3.0}, "stranger"
    )
    both = type(grades)("stranger", 20.0, grades.rows + stranger.rows, ())
    items = peer.items()
    assert push(items, both, tmp_path / "l.sqlite3")[1] == []
    assert shown(items, "stranger") == {**users(peer, alice=4.0), "not-enrolled": 3.0}


def test_an_unknown_key_gets_no_token(peer: Peer, tmp_path: Path) -> None:
    stranger = Peer(peer.platform, generate(tmp_path), tmp_path, peer.users)
    with pytest.raises(LmsRefused, match="HTTP 4"):
        stranger.items().find("x")


def test_a_scope_that_is_not_granted_is_named(peer: Peer) -> None:
    service = peer.service([*READ_SCOPES, "https://purl.imsglobal.org/spec/lti-ags/scope/everything"])
    with pytest.raises(LmsRefused, match="does not grant: everything"):
        LineItems(service, peer.platform.lineitems_url).find("x")


def test_a_token_for_reading_does_not_write(peer: Peer) -> None:
    items = LineItems(peer.service(READ_SCOPES), peer.platform.lineitems_url)
    with pytest.raises(LmsRefused, match="HTTP 403"):
        items.find_or_create("readonly", "readonly", 20)


def test_a_stale_token_writes_and_reads_nothing(peer: Peer) -> None:
    items = peer.items()
    items.find("x")
    items.service._token = "stale"  # as after a restart of the platform
    # Open edX answers 403 to a bad token, other platforms 401: see test_transport.py
    with pytest.raises(LmsRefused, match="HTTP 403"):
        items.find("x")


def test_a_token_goes_nowhere_else(peer: Peer) -> None:
    with pytest.raises(LmsError, match="another host"):
        peer.service().request("GET", "http://127.0.0.1:1/elsewhere", CONTAINER)


def test_the_roster_is_read_over_several_pages(peer: Peer) -> None:
    service = peer.service(nrps.SCOPES)
    pages = list(service.pages(peer.platform.memberships_url, nrps.MEDIA))
    assert [len(page["members"]) for page in pages] == [2, 2, 2]
    members = nrps.read_members(service, peer.platform.memberships_url)
    # five learners; the teacher is none
    assert {m.user_id for m in members} == set(peer.users.values())


def test_the_roster_fills_nbgraders_ids_by_e_mail_only_on_request(peer: Peer, gradebook: Gradebook) -> None:
    members = nrps.read_members(peer.service(nrps.SCOPES), peer.platform.memberships_url)
    roster = nrps.match_roster(gradebook, members)
    assert roster.matches == ()
    assert [p.student for p in roster.problems] == ["alice", "bob", "carol"]
    roster = nrps.match_roster(gradebook, members, by_email=True)
    assert roster.problems == ()
    assert roster.unknown == 2
    nrps.save_roster(gradebook, roster)
    assert gradebook.find_student("bob").lms_user_id == peer.users["bob"]
    assert nrps.match_roster(gradebook, members, by_email=True).changes == []


def test_an_independent_reader_sees_what_was_written(peer: Peer, tmp_path: Path) -> None:
    from pylti1p3.assignments_grades import AssignmentsGradesService
    from pylti1p3.lineitem import LineItem
    from pylti1p3.registration import Registration
    from pylti1p3.service_connector import ServiceConnector

    class Connector(ServiceConnector):
        """The library leaves where tokens are kept to its users: here nowhere."""

        def _get_cached_access_token(self, scope_key: str) -> None:
            return None

        def _cache_access_token(self, scope_key: str, access_token: str, expires_in: float) -> None:
            return None

    push(peer.items(), grades_of(peer, {"alice": 17.5, "bob": 0.0}, "reader"), tmp_path / "l.sqlite3")
    platform: Platform = peer.platform
    registration = (
        Registration()
        .set_issuer("peer")
        .set_client_id(platform.client_id)
        .set_auth_token_url(platform.token_url)
        .set_tool_private_key(peer.key_file.read_text())
        .set_tool_public_key(peer.key.public_pem.decode())
    )
    data = {"scope": list(READ_SCOPES), "lineitems": platform.lineitems_url}
    with requests.Session() as session:
        service = AssignmentsGradesService(Connector(registration, session), data)
        item = service.find_lineitem_by_resource_id("reader")
        assert isinstance(item, LineItem)
        assert item.get_score_maximum() == 20
        grades = list(service.get_grades(item))
    assert {g["userId"]: g["resultScore"] for g in grades} == users(peer, alice=17.5, bob=0.0)
    assert {g["comment"] for g in grades} == {"reader: 17.5", "reader: 0.0"}
