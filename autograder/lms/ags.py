"""LTI Assignment and Grade Services 2.0 (https://www.imsglobal.org/spec/lti-ags/v2p0).

Only what every platform takes in the same way: an integer maximum, and scores that are `Completed` and
`FullyGraded`. Anything less wipes an existing grade on Moodle and Canvas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.i18n import _
from autograder.lms.service import Service, below
from autograder.lms.transport import LmsRefused, LmsUnreachable, iso

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
EXACT = 1e-6  # points: below it is binary noise
ROUNDED = 0.005  # points: what rounding to two decimals, the coarsest of any platform, can change


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
        """Whether `result` has these points, at the precision the platform shows.

        Platforms may rescale to their own maximum, and round: 3.33333 comes back as 3.33. What is shown with
        more decimals than two is compared with as many.
        """
        if result is None or not result.maximum > 0 or not self.maximum > 0:
            return False
        shown = len(f"{result.score:.5f}".rstrip("0").partition(".")[2])
        wanted = self.given / self.maximum * result.maximum
        step = min(0.5 * 10.0 ** -max(2, shown), ROUNDED / self.maximum * result.maximum)
        return abs(result.score - wanted) <= step + EXACT

    def says(self, comment: str | None) -> bool:
        """Whether `comment` is this one but for blanks; True where the platform does not tell."""
        return comment is None or comment.split() == self.comment.split()

    def at(self, result: Result) -> "Score":
        """The score that `result` shows, out of the same maximum; its comment, or this one where none is told."""
        given = result.score / result.maximum * self.maximum if result.maximum > 0 else 0.0
        return Score(self.user, given, self.maximum, self.comment if result.comment is None else result.comment)

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

    def at(self, url: str) -> LineItem:
        """The line item at an address, such as a column that a teacher made. Raises LmsRefused when there is none."""
        return _line_item(self.service.request("GET", url, ITEM).json())

    def find(self, resource_id: str) -> LineItem | None:
        """This tool's line item for `resource_id`; None when there is none.

        Not every platform keeps the tag, so it is not asked for; another tool's, with another tag, is not ours.
        Raises LmsRefused when there are several: nobody can say which one learners see.
        """
        found: dict[str, LineItem] = {}
        for page in self.service.pages(below(self.url, "", resource_id=resource_id), CONTAINER):
            for entry in _entries(page):
                # platforms may leave the filter out
                if entry.get("resourceId") == resource_id and entry.get("tag") in (TAG, "", None):
                    item = _line_item(entry)
                    found[item.url] = item
        if len(found) > 1:
            text = _("The platform has {count} line items for “{resource}”: delete all but one there.")
            raise LmsRefused(text, count=len(found), resource=resource_id)
        return next(iter(found.values()), None)

    def find_or_create(self, resource_id: str, label: str, maximum: int) -> LineItem:
        """The line item for `resource_id`, made if there is none; looked for again before each attempt.

        Call it with the ledger's lock: two that look at the same time would both make one.
        """
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
        """User id → result, for those who have one.

        Always the whole list: what a platform calls a user in a query is not what it calls them in the answer
        (Canvas), or it does not look at the query at all (Open edX).
        """
        found: dict[str, Result] = {}
        for page in self.service.pages(below(item.url, "results"), RESULTS):
            found |= dict(_results(_entries(page)))
        return found

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
