"""`lms keygen`, `check`, `roster` and `forget`: what is done once, or seldom."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from nbgrader.api import MissingEntry
from sqlalchemy import text as sql
from sqlalchemy.engine import Engine

from autograder.errors import LmsError
from autograder.i18n import Message, _, say, say_count
from autograder.lms import ags, config, keys, nrps
from autograder.lms.course import open_gradebook
from autograder.lms.here import Here

# scope → what an administrator has to allow
GRANTS = {
    ags.WRITE_SCOPES[0]: _(
        "to find and make columns (line items). Moodle: “grade sync and column management”; Canvas: “Can create and "
        "view assignment data”; Open edX: “programmatic”"
    ),
    ags.WRITE_SCOPES[1]: _("to read grades (results). Canvas: “Can view submission data”"),
    ags.WRITE_SCOPES[2]: _("to write grades (scores). Canvas: “Can create and update submission results”"),
    nrps.SCOPES[0]: _(
        "to read who is in the course (names and roles). Moodle: “retrieve members' information”; Canvas: "
        "“Can retrieve user data”; Open edX: “Enable LTI NRPS”"
    ),
}


def keygen(arguments: argparse.Namespace) -> int:
    """Make the first key, the next key, or let the next one take over."""
    if arguments.promote:
        key = keys.promote(arguments.dir)
        print(say(_("The key {id} is the only one now. Take the old one out of the platform's settings."), id=key.id))
        return 0
    name = keys.NEXT if arguments.next else keys.PRIVATE
    if arguments.next:
        keys.load(arguments.dir / keys.PRIVATE)
    key = keys.generate(arguments.dir, name)
    text = _("Made {private} (keep it here), {public} and {key_set} (for the platform). Key id: {id}")
    public = keys.public_file(arguments.dir / name).name
    print(say(text, private=name, public=public, key_set=keys.KEY_SET, id=key.id))
    if arguments.next:
        print(say(_("Both keys work. When the platform knows the new one: lms keygen --promote")))
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Try each permission; 1 when the administrator has to grant one."""
    here = Here(arguments)
    failed = 0
    for platform in here.platforms:
        if platform.section:
            print(say(_("Section {name}:"), name=platform.section))
        for scope, what in GRANTS.items():
            if scope in nrps.SCOPES and not platform.memberships_url:
                print(say(_("not tried: “memberships_url” is missing, so “lms roster” cannot work")))
                continue
            failed += not _tried(say(what), partial(_ask, here, platform, scope))
        failed += not _tried(say(_("the list of columns")), partial(_columns, here, platform))
        if platform.memberships_url:
            failed += not _tried(say(_("the list of people")), partial(_people, here, platform))
    return 1 if failed else 0


def roster(arguments: argparse.Namespace) -> int:
    """Read the platform's people into nbgrader's `lms_user_id`."""
    here = Here(arguments)
    courses = {platform: _members(here, platform) for platform in here.platforms}
    members = list({m.user_id: m for found in courses.values() for m in found}.values())
    with open_gradebook(here.course, arguments.db) as gradebook:
        found = nrps.match_roster(gradebook, members, by_email=arguments.by_email, overwrite=arguments.overwrite)
        for match in found.changes:
            print(f"{match.student}\t{match.before or '—'} → {match.user_id}")
        for problem in found.problems:
            print(problem)
        text = _(
            "Students known on the platform: {known}, of these new: {changes}. Learners there and not here: {unknown}."
        )
        print(say(text, known=len(found.matches), changes=len(found.changes), unknown=found.unknown))
        if members and not found.matches and (hint := privacy(members)):
            print(say(hint.text, **hint.values))
        if arguments.yes:
            nrps.save_roster(gradebook, found)
            with here.ledger() as ledger:
                for platform, people in courses.items():
                    ledger.set_members(platform.lineitems_url, [m.user_id for m in people])
        elif found.changes:
            print(say(_("Nothing was written: add --yes.")))
    return 1 if found.problems else 0


def forget(arguments: argparse.Namespace) -> int:
    """Remove the platform's id of a student, and what was sent under it, from this side."""
    here = Here(arguments)
    with open_gradebook(here.course, arguments.db) as gradebook:
        try:
            student = gradebook.find_student(arguments.student)
        except MissingEntry:
            text = _("The gradebook has no student with the id: {listed}.")
            raise LmsError(text, listed=arguments.student) from None
        if not student.lms_user_id:
            print(say(_("Nothing is kept: the gradebook has no id of the platform for this student.")))
            return 0
        if not arguments.yes:
            print(say(_("The platform's id and what was sent under it would be removed here: add --yes.")))
            return 0
        with here.ledger() as ledger:
            count = ledger.forget(student.lms_user_id)
        student.lms_user_id = None
        gradebook.db.commit()
        _rewrite(gradebook.engine)
    print(
        say_count(
            "Removed the platform's id, and what was sent to {count} column. The platform keeps its own.",
            "Removed the platform's id, and what was sent to {count} columns. The platform keeps its own.",
            count,
        )
    )
    return 0


def _rewrite(engine: Engine) -> None:
    """Have SQLite write its file anew: what was removed may still stand in a page of it."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sql("VACUUM"))


def privacy(members: Sequence[nrps.Member]) -> Message | None:
    """Why nobody can be matched, when the platform tells nothing but its own ids; None when it tells more."""
    if any(member.ids for member in members):
        return None
    if any(member.email for member in members):
        return Message(_("The platform tells e-mail addresses only: use “lms roster --by-email”."))
    text = _(
        "The platform tells neither user names nor e-mail addresses: nobody can be matched. Canvas: set the tool's "
        "privacy level to Public; Moodle: share the launcher's name and e-mail; Open edX: let the course share e-mail."
    )
    return Message(text)


def _members(here: Here, platform: config.Platform) -> list[nrps.Member]:
    if not platform.memberships_url:
        where = f"[sections.{platform.section}]" if platform.section else "[platform]"
        text = _("{path}: “{name}” is missing in {where}.")
        raise LmsError(text, path=here.config_file, name="memberships_url", where=where)
    return nrps.read_members(here.connect(platform, nrps.SCOPES), platform.memberships_url)


def _tried(what: str, attempt: Callable[[], Message | None]) -> bool:
    """Print whether `attempt` worked; it may give a remark, which counts as no."""
    try:
        remark = attempt()
    except LmsError as error:
        remark = error.message
    print(f"{'✗' if remark else '✓'} {what}")
    if remark:
        print(f"  {say(remark.text, **remark.values)}")
    return remark is None


def _ask(here: Here, platform: config.Platform, scope: str) -> None:
    here.connect(platform, [scope]).authorize()


def _columns(here: Here, platform: config.Platform) -> None:
    items = ags.LineItems(here.connect(platform, ags.READ_SCOPES[:1]), platform.lineitems_url)
    items.find("autograder-check")
    for url in platform.columns.values():
        items.at(url)


def _people(here: Here, platform: config.Platform) -> Message | None:
    members = _members(here, platform)
    return privacy(members) if members else Message(_("The list has no learners."))
