"""Who is whom: people of the platform and students of the gradebook."""

from nbgrader.api import Gradebook

from autograder.lms.nrps import Member, learner_of, match_roster, save_roster

# as Moodle 4.5 sends a person
BOB = {
    "status": "Active",
    "roles": ["Learner"],
    "user_id": "4",
    "lis_person_sourcedid": "S002",
    "name": "Bob O'Brien",
    "given_name": "Bob",
    "family_name": "O'Brien",
    "email": "bob@example.org",
    "ext_user_username": "bob",
}


def member(user_id: str, *ids: str, email: str = "") -> Member:
    return Member(user_id, frozenset(ids), email)


def test_moodles_user_name_and_id_number_are_ids_and_names_are_not() -> None:
    assert learner_of(BOB) == member("4", "bob", "S002", email="bob@example.org")
    assert "O'Brien" not in repr(learner_of(BOB))


def test_only_active_learners_are_people_to_grade() -> None:
    role = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
    assert learner_of({**BOB, "roles": [role + "Learner"]}) is not None
    assert learner_of({**BOB, "roles": [role + "Instructor"]}) is None
    assert learner_of({**BOB, "status": "Inactive"}) is None
    assert learner_of({**BOB, "user_id": ""}) is None


def test_students_are_matched_by_user_name_or_id_number(gradebook: Gradebook) -> None:
    gradebook.add_student("S009")
    roster = match_roster(gradebook, [member("4", "bob", "S002"), member("9", "nine", "S009")])
    assert {(m.student, m.user_id) for m in roster.matches} == {("bob", "4"), ("S009", "9")}
    assert [p.student for p in roster.problems] == ["alice", "carol"]
    save_roster(gradebook, roster)
    assert gradebook.find_student("S009").lms_user_id == "9"


def test_who_fits_two_people_is_nobody(gradebook: Gradebook) -> None:
    roster = match_roster(gradebook, [member("4", "bob"), member("5", "robert", "bob")])
    assert "bob" not in {m.student for m in roster.matches}
    assert "bob: ambiguous: fits more than one person" in [str(p) for p in roster.problems]
    # and one person is never two students
    gradebook.add_student("S002")
    roster = match_roster(gradebook, [member("4", "bob", "S002")])
    assert roster.matches == ()


def test_an_id_that_is_known_is_replaced_on_request_only(gradebook: Gradebook) -> None:
    gradebook.update_or_create_student("bob", lms_user_id="old")
    members = [member("4", "bob")]
    roster = match_roster(gradebook, members)
    assert "bob: has another id already (--overwrite replaces it)" in [str(p) for p in roster.problems]
    assert match_roster(gradebook, members, overwrite=True).changes[0].user_id == "4"
