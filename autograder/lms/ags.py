"""LTI Assignment and Grade Services 2.0 (https://www.imsglobal.org/spec/lti-ags/v2p0).

Only what every platform takes in the same way: an integer maximum, and scores that are `Completed` and
`FullyGraded`. Anything less wipes an existing grade on Moodle and Canvas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.i18n import _
from autograder.lms.http import LmsRefused, LmsUnreachable, iso
from autograder.lms.service import Service, below

_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
READ_SCOPES = (_SCOPE + "lineitem.readonly", _SCOPE + "result.readonly")
WRITE_SCOPES = (_SCOPE + "lineitem", _SCOPE + "result.readonly", _SCOPE + "score")
_MEDIA = "application/vnd.ims.lis."
CONTAINER, ITEM = _MEDIA + "v2.lineitemcontainer+json", _MEDIA + "v2.lineitem+json"
RESULTS, SCORE = _MEDIA + "v2.resultcontainer+json", _MEDIA + "v1.score+json"
# Canvas: a score is no new attempt of the learner
# (https://canvas.instructure.com/doc/api/score.html)
CANVAS_SUBMISSION = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}
TAG = "autograder"
TOLERANCE = 1e-3  # points: platforms keep 2 to 5 decimals of what they rescale


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column of the platform's gradebook; `url` is its id and its address."""

    url: str
    label: str
    maximum: float


@dataclass(frozen=True, slots=True)
class Result:
    """What the platform has: points out of `maximum`; `comment` is None where it does not tell."""

    score: float
    maximum: float
    comment: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """What the platform should have."""

    user: str
    given: float
    maximum: float
    comment: str

    def is_at(self, result: Result | None) -> bool:
        """Whether `result` has these points: platforms may rescale to their own maximum."""
        if result is None or result.maximum <= 0:
            return False
        return abs(result.score / result.maximum * self.maximum - self.given) <= TOLERANCE

    def says(self, comment: str | None) -> bool:
        """Whether `comment` is this one but for blanks; True where the platform does not tell."""
        return comment is None or comment.split() == self.comment.split()

    def to_json(self, timestamp: float) -> dict[str, Any]:
        return {
            "userId": self.user,
            "scoreGiven": self.given,
            "scoreMaximum": self.maximum,
            "comment": self.comment,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "timestamp": iso(timestamp),
            **CANVAS_SUBMISSION,
        }


def item_maximum(points: float) -> int:
    """The maximum of a line item for an assignment of `points`: an integer, as Open edX demands; percent
    when the points are none."""
    return int(points) if float(points).is_integer() else 100


class LineItems:
    """The line items of a course."""

    def __init__(self, service: Service, url: str) -> None:
        self.service = service
        self.url = url

    def find(self, resource_id: str) -> LineItem | None:
        """This tool's line item for `resource_id`; None when there is none.

        Raises LmsRefused when there are several: nobody can say which one learners see.
        """
        url = below(self.url, "", resource_id=resource_id, tag=TAG)
        found: dict[str, LineItem] = {}
        for page in self.service.pages(url, CONTAINER):
            for entry in _entries(page):
                # platforms may leave the filter out
                if entry.get("resourceId") == resource_id and entry.get("tag") == TAG:
                    item = _line_item(entry)
                    found[item.url] = item
        if len(found) > 1:
            text = _("The platform has {count} line items for “{resource}”: delete all but one there.")
            raise LmsRefused(text, count=len(found), resource=resource_id)
        return next(iter(found.values()), None)

    def find_or_create(self, resource_id: str, label: str, maximum: int) -> LineItem:
        """The line item for `resource_id`, made if there is none; looked for again before each attempt."""
        attempt = 0
        while True:
            if item := self.find(resource_id):
                return item
            attempt += 1
            data = {"label": label, "scoreMaximum": maximum, "resourceId": resource_id, "tag": TAG}
            try:
                reply = self.service.request("POST", self.url, ITEM, data, repeatable=False)
                return _line_item(reply.json())
            except LmsUnreachable as error:
                if attempt >= self.service.http.attempts:
                    raise
                self.service.http.pause(attempt, error)

    def results(self, item: LineItem) -> dict[str, Result]:
        """User id → result, for those who have one. No `limit`: Moodle's next page cannot be read."""
        found: dict[str, Result] = {}
        for page in self.service.pages(below(item.url, "results"), RESULTS):
            found |= dict(_results(_entries(page)))
        return found

    def result(self, item: LineItem, user: str) -> Result | None:
        """The result of one user."""
        pages = self.service.pages(below(item.url, "results", user_id=user), RESULTS)
        return {k: v for page in pages for k, v in _results(_entries(page))}.get(user)

    def send(self, item: LineItem, score: Score, timestamp: float) -> None:
        """Send one score, once. Raises LmsUnreachable when it may or may not have been taken."""
        self.service.request("POST", below(item.url, "scores"), SCORE, score.to_json(timestamp), repeatable=False)


def _entries(page: Any) -> list[dict[str, Any]]:
    if not isinstance(page, list) or not all(isinstance(entry, dict) for entry in page):
        raise LmsRefused(_("The platform's answer is not a list: is lineitems_url right?"))
    return page


def _line_item(entry: Any) -> LineItem:
    try:
        return LineItem(str(entry["id"]), str(entry.get("label", "")), float(entry["scoreMaximum"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise LmsRefused(_("The platform's answer is not a line item: is lineitems_url right?")) from error


def _results(entries: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Result]]:
    for entry in entries:
        score = entry.get("resultScore")
        if entry.get("userId") is None or score is None:
            continue  # Moodle lists people without a grade too
        maximum, comment = entry.get("resultMaximum"), entry.get("comment")
        yield (
            str(entry["userId"]),
            Result(
                float(score),
                float(1 if maximum is None else maximum),
                None if comment is None else str(comment),
            ),
        )
