"""The course's people, from LTI Names and Role Provisioning Services 2.0, to nbgrader's `lms_user_id`.

People are matched by ids that both sides have: user name or ID number (Moodle sends both, see
mod/lti/service/memberships). E-mail only when it is asked for; names never.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import Gradebook

from autograder.i18n import Message, _
from autograder.lms.matching import Problem, normal
from autograder.lms.service import Service
from autograder.lms.transport import LmsRefused

SCOPES = ("https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",)
MEDIA = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ID_FIELDS = ("ext_user_username", "lis_person_sourcedid")


@dataclass(frozen=True, slots=True)
class Member:
    """An active learner of the course: the platform's id, and what else they are known by there."""

    user_id: str
    ids: frozenset[str] = field(repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A student of the gradebook and their id on the platform; `before` is what the gradebook has."""

    student: str
    user_id: str
    before: str | None


@dataclass(frozen=True, slots=True)
class Roster:
    """What a roster would change, what cannot be decided, and how many learners nbgrader does not know."""

    matches: tuple[Match, ...]
    problems: tuple[Problem, ...]
    unknown: int

    @property
    def changes(self) -> list[Match]:
        return [m for m in self.matches if m.before != m.user_id]


def read_members(service: Service, url: str) -> list[Member]:
    """All active learners, over all pages. Raises LmsRefused when the answer is not a membership list."""
    members: dict[str, Member] = {}
    for page in service.pages(url, MEDIA):
        people = page.get("members") if isinstance(page, dict) else None
        if not isinstance(people, list):
            raise LmsRefused(_("The platform's answer is not a list of members: is memberships_url right?"))
        for person in people:
            if member := learner_of(person):
                members[member.user_id] = member
    return list(members.values())


def learner_of(person: dict[str, Any]) -> Member | None:
    roles = [str(role).rsplit("#", 1)[-1] for role in person.get("roles", ())]
    if "Learner" not in roles or person.get("status", "Active") != "Active" or not person.get("user_id"):
        return None
    ids = frozenset(normal(str(person[name])) for name in ID_FIELDS if person.get(name))
    return Member(str(person["user_id"]), ids, normal(str(person.get("email") or "")))


def match_roster(
    gradebook: Gradebook, members: Sequence[Member], *, by_email: bool = False, overwrite: bool = False
) -> Roster:
    """Which student is whom. A student who fits two members, a member whom two students fit, and an id that
    differs from the gradebook's (unless `overwrite`) are problems."""
    by_key: dict[str, set[str]] = defaultdict(set)
    for member in members:
        for key in _keys(member.ids, member.email if by_email else ""):
            by_key[key].add(member.user_id)
    students = sorted(gradebook.students, key=lambda s: str(s.id))
    hits = {s.id: _hits(by_key, s, by_email) for s in students}
    claims = Counter(user for found in hits.values() for user in found)
    matches: list[Match] = []
    problems: list[Problem] = []
    for student in students:
        found = hits[student.id]
        if not found:
            if not student.lms_user_id:
                problems.append(Problem(student.id, Message(_("nobody on the platform has this id"))))
        elif len(found) > 1 or claims[min(found)] > 1:
            problems.append(Problem(student.id, Message(_("ambiguous: fits more than one person"))))
        elif student.lms_user_id not in (None, "", min(found)) and not overwrite:
            problems.append(Problem(student.id, Message(_("has another id already (--overwrite replaces it)"))))
        else:
            matches.append(Match(student.id, min(found), student.lms_user_id or None))
    known = {user for found in hits.values() for user in found} | {s.lms_user_id for s in students}
    return Roster(tuple(matches), tuple(problems), sum(m.user_id not in known for m in members))


def save_roster(gradebook: Gradebook, roster: Roster) -> None:
    """Write the ids that changed to the gradebook, all or none."""
    for match in roster.changes:
        gradebook.find_student(match.student).lms_user_id = match.user_id
    gradebook.db.commit()


def _hits(by_key: dict[str, set[str]], student: Any, by_email: bool) -> set[str]:
    keys = _keys([normal(student.id)], normal(student.email or "") if by_email else "")
    return {user for key in keys for user in by_key.get(key, ())}


def _keys(ids: Iterable[str], email: str) -> list[str]:
    return [*ids, *([email] if email else [])]
