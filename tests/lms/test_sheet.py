"""The sheets that go back to the platform: what changes, and what must not."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.errors import LmsError
from autograder.lms import CanvasGradebook, CsvSheet, MoodleWorksheet
from autograder.lms.csvtext import parse
from autograder.lms.sheet import Filled, SheetExporter

from .conftest import WORKSHEET, SetGrade

FRENCH = (
    '\ufeffIdentifiant,"Nom complet",Nom d\'utilisateur,Statut,Note,"Note maximale","Peut changer",'
    '"Dernière modification (travail remis)","Dernière modification (note)",Commentaires\n'
    'Participant 12,Zoé,alice,Remis,,"20,00",Oui,"dimanche 22 novembre 2026, 10:17",-,\n'
    'Participant 7,Émile,bob,Remis,"3,00","20,00",Non,"dimanche 22 novembre 2026, 10:17",'
    '"dimanche 22 novembre 2026, 11:17",vu\n'
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,week1 (7001),week2 (7002),Current Score,Final Score\n"
    ",,,,,Manual Posting,,,\n"
    "    Points Possible,,,,,20.00,10.00,(read only),(read only)\n"
    '"Ångström, Alice",101,S001,alice,Section 1,17.50,9.00,88,80\n'
    '"O\'Brien, Bob",102,S002,bob,Section 1,,8.00,77,70\n'
    '"van der Berg, Jr, Carol",103,S003,carol,Section 1,12.00,,66,60\n'
)


def fill(kind: type[SheetExporter], gradebook: Gradebook, sheet: Path, **options: Any) -> Filled:
    exporter = kind(sheet=str(sheet), assignment=["week1"], **options)
    return exporter.fill(gradebook)


def saved(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def open_worksheet(tmp_path: Path) -> Path:
    """The worksheet that a real Moodle wrote, its locked rows unlocked."""
    path = tmp_path / "worksheet.csv"
    path.write_bytes(WORKSHEET.read_bytes().replace(b"20.00,No,", b"20.00,Yes,"))
    return path


def test_moodles_worksheet_differs_in_grade_and_feedback_only(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    set_grade("bob", 12, 1.25, comment="Nice <b>\nλ > 0")
    filled = fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True)
    feedback = "test: complete, 12 of 12 points.<br>test: in part, 1.25 of 8 points.<br>  Nice &lt;b&gt;<br>λ &gt; 0"
    before = open_worksheet.read_bytes()
    old_line = next(line for line in before.split(b"\n") if b"Participant 2" in line)
    new_line = old_line.replace(b",0.00,20.00,", b",13.25,20.00,").replace(b",zero", f',"{feedback}"'.encode())
    assert filled.data == before.replace(old_line, new_line)
    assert filled.students == ("bob",)
    assert [r.student for r in filled.held] == ["alice", "carol"]


def test_a_locked_row_keeps_its_grade_and_its_feedback(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 5)  # "Grade can be changed" is No: Moodle would skip the grade, yet take the feedback
    set_grade("carol", 12)
    with pytest.raises(LmsError, match=r"Nothing was written\. .*: 1\n  alice: the sheet says .* cannot be changed"):
        fill(MoodleWorksheet, gradebook, WORKSHEET, strip_domain=True)
    filled = fill(MoodleWorksheet, gradebook, WORKSHEET, strip_domain=True, partial=True)
    assert [p.student for p in filled.problems] == ["alice"]
    assert filled.students == ("carol",)
    alice = next(line for line in WORKSHEET.read_bytes().split(b"\n") if b"alice@" in line)
    assert alice in filled.data


def test_columns_are_found_in_a_sheet_in_french_with_commas(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12, 0.5)
    filled = fill(MoodleWorksheet, gradebook, saved(tmp_path, FRENCH))
    text = filled.data.decode("utf-8")
    assert text == FRENCH.replace('Remis,,"20,00"', 'Remis,"12,5","20,00"').replace(
        '10:17",-,\n', '10:17",-,"test: complete, 12 of 12 points.<br>test: in part, 0.5 of 8 points."\n'
    )


def test_a_word_for_yes_in_an_unknown_language_must_be_given(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12)
    sheet = saved(tmp_path, FRENCH.replace("Oui", "Já já").replace("Non", "Neinei"))
    with pytest.raises(LmsError, match=r"Cannot tell whether “Já já”.*MoodleWorksheet\.yes"):
        fill(MoodleWorksheet, gradebook, sheet)
    assert fill(MoodleWorksheet, gradebook, sheet, yes="Já já").students == ("alice",)


def test_a_scale_is_refused(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    set_grade("alice", 12)
    sheet = saved(tmp_path, FRENCH.replace('"20,00"', "Compétent"))
    with pytest.raises(LmsError, match="no scale"):
        fill(MoodleWorksheet, gradebook, sheet)


def test_two_lines_for_one_participant_are_refused(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    with pytest.raises(LmsError, match="same participant number"):
        fill(MoodleWorksheet, gradebook, saved(tmp_path, FRENCH.replace("Participant 7", "Participant 12")))


def test_under_blind_marking_the_participant_number_is_the_id(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    gradebook.add_student("participant-12")
    set_grade("participant-12", 4)
    blind = "\n".join(",".join([line.split(",")[0], *line.split(",")[3:]]) for line in FRENCH.splitlines())
    assert fill(MoodleWorksheet, gradebook, saved(tmp_path, blind)).students == ("participant-12",)


def test_a_score_over_the_maximum_is_refused_and_can_be_capped(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    set_grade("bob", 12, 9)
    with pytest.raises(LmsError, match="bob: 21 points are more than the maximum of 20"):
        fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True)
    assert b",20,20.00,Yes" in fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True, cap=True).data


def test_another_maximum_is_refused_and_can_be_rescaled(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    set_grade("bob", 12, 3)
    open_worksheet.write_bytes(open_worksheet.read_bytes().replace(b",20.00,", b",100.00,"))
    with pytest.raises(LmsError, match="the sheet's maximum is 100, the gradebook's 20"):
        fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True)
    assert b",75,100.00,Yes" in fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True, rescale=True).data


def test_a_reason_is_told_once_with_everybody_whom_it_concerns(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    set_grade("alice", 3)
    set_grade("bob", 3)
    open_worksheet.write_bytes(open_worksheet.read_bytes().replace(b",20.00,", b",100.00,"))
    with pytest.raises(LmsError) as refused:
        fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True)
    _text, *listed = str(refused.value).splitlines()
    assert listed == [
        "  alice, bob: the sheet's maximum is 100, the gradebook's 20: set it there, "
        "or add --MoodleWorksheet.rescale=True"
    ]


def test_a_learner_who_is_not_in_the_sheet_is_listed(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    gradebook.add_student("dora")
    set_grade("dora", 3)
    with pytest.raises(LmsError, match="dora: no line of the sheet has this id"):
        fill(MoodleWorksheet, gradebook, open_worksheet, strip_domain=True)


def test_e_mail_is_compared_only_when_asked_for(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path
) -> None:
    set_grade("bob", 3)
    with pytest.raises(LmsError, match="bob: no line"):
        fill(MoodleWorksheet, gradebook, open_worksheet)
    assert fill(MoodleWorksheet, gradebook, open_worksheet, match_email=True).students == ("bob",)


def test_feedback_is_no_formula_in_a_spreadsheet(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    set_grade("alice", 3, comment='=HYPERLINK("http://127.0.0.1")')
    exporter = MoodleWorksheet()
    assert exporter.feedback_text("=1+1") == "&#61;1+1"
    assert CsvSheet().feedback_text("=1+1") == "'=1+1"
    sheet = saved(tmp_path, "id;note;avis\nalice;;\n")
    filled = fill(CsvSheet, gradebook, sheet, key_column="id", grade_column="note", feedback_column="avis")
    (_, line) = parse(filled.data.decode(), ";")
    assert line[1] == "3"
    assert not line[2].startswith(("=", "+", "-", "@"))


WORKFLOW = (
    "Identifier,Full name,ID number,Group,Status,Grade,Maximum grade,Marking workflow state,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments,Audio feedback\n"
    'Participant 1,Alice,alice,Red,Submitted,,20.00,In marking,Yes,"22 November 2026, 10:17 AM",-,,\n'
    'Participant 2,Bob,bob,Red,Submitted,3.00,20.00,Released,Yes,"22 November 2026, 10:17 AM",-,,\n'
)
FIRST = "test: complete, 12 of 12 points.<br>test: nothing yet, 0 of 8 points."


def test_marking_workflow_groups_and_several_feedback_columns_are_filled(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12)
    filled = fill(MoodleWorksheet, gradebook, saved(tmp_path, WORKFLOW))
    assert filled.data.decode() == WORKFLOW.replace(
        'Alice,alice,Red,Submitted,,20.00,In marking,Yes,"22 November 2026, 10:17 AM",-,,',
        f'Alice,alice,Red,Submitted,12,20.00,In marking,Yes,"22 November 2026, 10:17 AM",-,"{FIRST}",',
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_columns_may_stand_in_any_order(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path, seed: int
) -> None:
    set_grade("alice", 12)
    table = [[cell.value for cell in record.cells] for record in parse(WORKFLOW, ",")]
    order = random.Random(seed).sample(range(len(table[0])), len(table[0]))
    text = "".join(";".join(row[at] for at in order) + "\n" for row in table)
    filled = fill(MoodleWorksheet, gradebook, saved(tmp_path, text))
    (header, alice, bob) = parse(filled.data.decode(), ";")
    said = {header[c]: alice[c] for c in range(len(header))}
    assert (said["Grade"], said["Maximum grade"], said["Feedback comments"]) == ("12", "20.00", FIRST)
    assert [bob[c] for c in range(len(header))] == [table[2][at] for at in order]


def test_an_offline_assignment_gets_its_feedback(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    """Work that is not handed in online has no column for the time of submission."""
    set_grade("alice", 12)
    for last in ("Feedback comments", "Endurgjöf"):  # a header we know, and one that we do not
        text = (
            "Identifier,ID number,Grade,Maximum grade,Grade can be changed,Last modified (grade),"
            f'{last}\nParticipant 1,alice,,20.00,Yes,"22 November 2026, 10:17 AM",\n'
        )
        assert FIRST.encode() in fill(MoodleWorksheet, gradebook, saved(tmp_path, text)).data


def test_a_sheet_without_comments_is_refused_unless_that_is_wanted(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12)
    text = "".join(line.rsplit(",", 2)[0] + "\n" for line in WORKFLOW.splitlines())
    sheet = saved(tmp_path, text)
    with pytest.raises(LmsError, match="no column for comments"):
        fill(MoodleWorksheet, gradebook, sheet)
    assert fill(MoodleWorksheet, gradebook, sheet, without_feedback=True).students == ("alice",)


def test_outcomes_and_unknown_headers_ask_for_the_column_and_take_it(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("alice", 12)
    text = (
        "Auðkenni,ID number,Einkunn,Hámark,Má breyta,Síðast breytt,Hæfni,Endurgjöf\n"
        'Þátttakandi 1,alice,,20.00,Yes,"22. nóvember 2026, 10:17",Gott,\n'
    )
    with pytest.raises(LmsError, match="Cannot tell which column is “feedback”"):
        fill(MoodleWorksheet, gradebook, saved(tmp_path, text))
    filled = fill(MoodleWorksheet, gradebook, saved(tmp_path, text), columns={"feedback": "Endurgjöf"})
    assert filled.data.decode().endswith(f',12,20.00,Yes,"22. nóvember 2026, 10:17",Gott,"{FIRST}"\n')


def test_a_name_is_never_an_id(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    """Somebody who is displayed as "alice" is not learner alice."""
    set_grade("alice", 12)
    sheet = saved(tmp_path, FRENCH.replace("Zoé,alice", "alice,zoe").replace("Remis,,", "alice,,"))
    with pytest.raises(LmsError, match="alice: no line of the sheet has this id"):
        fill(MoodleWorksheet, gradebook, sheet)
    canvas = saved(tmp_path, CANVAS.replace("Section 1", "alice").replace("S001,alice", "S001,zoe"))
    with pytest.raises(LmsError, match="alice: no line of the sheet has this id"):
        fill(CanvasGradebook, gradebook, canvas)


def test_a_matriculation_number_is_not_canvas_own_id(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    gradebook.add_student("101")
    set_grade("101", 12)
    sheet = saved(tmp_path, CANVAS)
    with pytest.raises(LmsError, match="101: no line of the sheet has this id"):
        fill(CanvasGradebook, gradebook, sheet)
    assert fill(CanvasGradebook, gradebook, sheet, key_column="ID").students == ("101",)
    sis = saved(tmp_path, CANVAS.replace("103,S003,carol", "103,101,c"))
    assert b"103,101,c,Section 1,12" in fill(CanvasGradebook, gradebook, sis).data


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("straße", "strasse", False),
        ("bob2", "Bob2", False),
        ("zoe\u0301", "zo\u00e9", True),
        ("Bob@Example.org", "bob@example.ORG", True),
        ("ﬁona", "fiona", False),
    ],
)
def test_ids_are_equal_letter_for_letter(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path, here: str, there: str, same: bool
) -> None:
    gradebook.add_student(here)
    set_grade(here, 12)
    sheet = saved(tmp_path, FRENCH.replace("Zoé,alice", f"Zoé,{there}"))
    filled = fill(MoodleWorksheet, gradebook, sheet, partial=True)
    assert filled.students == ((here,) if same else ())


def test_one_line_that_two_students_claim_is_nobodys_even_if_one_has_no_grade(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    gradebook.update_or_create_student("carol", email="bob@example.org")
    set_grade("bob", 5)
    sheet = saved(tmp_path, WORKSHEET.read_text().replace(",No,", ",Yes,"))
    with pytest.raises(LmsError, match="bob: ambiguous"):
        fill(MoodleWorksheet, gradebook, sheet, match_email=True)


def test_canvas_gets_ids_one_assignment_and_graded_lines_only(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    set_grade("bob", 0)
    set_grade("carol", 12, 1.5)
    filled = fill(CanvasGradebook, gradebook, saved(tmp_path, CANVAS))
    assert filled.data.decode() == (
        "Student,ID,SIS User ID,SIS Login ID,Section,week1 (7001)\n"
        ",,,,,Manual Posting\n"
        "    Points Possible,,,,,20.00\n"
        '"O\'Brien, Bob",102,S002,bob,Section 1,0\n'
        '"van der Berg, Jr, Carol",103,S003,carol,Section 1,13.5\n'
    )


def test_canvas_ids_come_from_the_gradebook_too(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    gradebook.update_or_create_student("alice", lms_user_id="103")
    set_grade("alice", 5)
    sheet = saved(tmp_path, CANVAS)
    # login says line 101, the platform's id says line 103: nobody can say which
    with pytest.raises(LmsError, match="alice: ambiguous"):
        fill(CanvasGradebook, gradebook, sheet)
    gradebook.update_or_create_student("alice", lms_user_id="101")
    assert fill(CanvasGradebook, gradebook, sheet).students == ("alice",)


def test_two_learners_never_share_a_line(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    gradebook.add_student("zed", lms_user_id="102")
    set_grade("zed", 5)
    set_grade("bob", 6)
    with pytest.raises(LmsError, match="bob, zed: ambiguous"):
        fill(CanvasGradebook, gradebook, saved(tmp_path, CANVAS))


def test_canvas_assignment_is_chosen_by_title_or_id(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    set_grade("bob", 0)
    twice = saved(tmp_path, CANVAS.replace("week2 (7002)", "week1 (7002)"))
    with pytest.raises(LmsError, match=r"2 columns .*“week1”.*week1 \(7001\), week1 \(7002\)"):
        fill(CanvasGradebook, gradebook, twice)
    filled = fill(CanvasGradebook, gradebook, twice, column="7001")
    assert filled.data.splitlines()[0].endswith(b"week1 (7001)")


def test_any_sheet_is_filled_by_its_headers(gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path) -> None:
    set_grade("bob", 7)
    text = '"Username"\t"Name"\t"Score"\t"Max"\r\n"bob"\t"O\'Brien"\t""\t"20"\r\n"alice"\t"Å"\t"4"\t"20"'
    sheet = saved(tmp_path, text, "utf-16")
    filled = fill(CsvSheet, gradebook, sheet, key_column="Username", grade_column="Score", maximum_column="Max")
    assert filled.data == sheet.read_bytes()[:2] + text.replace('"O\'Brien"\t""', '"O\'Brien"\t"7"').encode("utf-16-le")


def test_a_column_that_is_missing_or_doubled_is_named(
    gradebook: Gradebook, set_grade: SetGrade, tmp_path: Path
) -> None:
    sheet = saved(tmp_path, "id,note,note\nbob,,\n")
    with pytest.raises(LmsError, match=r"no column named “grade”\. It has: id, note, note"):
        fill(CsvSheet, gradebook, sheet, key_column="id", grade_column="grade")
    with pytest.raises(LmsError, match="2 columns named “note”"):
        fill(CsvSheet, gradebook, sheet, key_column="id", grade_column="note")


def test_one_assignment_and_a_sheet_must_be_given(gradebook: Gradebook) -> None:
    with pytest.raises(LmsError, match="Which file"):
        MoodleWorksheet(assignment=["week1"]).fill(gradebook)
    with pytest.raises(LmsError, match="one assignment"):
        MoodleWorksheet(sheet=str(WORKSHEET)).fill(gradebook)


def test_nbgrader_export_runs_the_exporter(
    gradebook: Gradebook, set_grade: SetGrade, open_worksheet: Path, db_url: str, tmp_path: Path
) -> None:
    set_grade("bob", 7)
    gradebook.add_student("dora")
    out = tmp_path / "filled.csv"
    command = [
        *(sys.executable, "-m", "nbgrader", "export", f"--db={db_url}", f"--to={out}"),
        "--exporter=autograder.lms.MoodleWorksheet",
        "--assignment=['week1']",
        f"--MoodleWorksheet.sheet={open_worksheet}",
        "--MoodleWorksheet.strip_domain=True",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stderr
    assert b",7,20.00,Yes" in out.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    assert "held back: alice, carol, dora: not submitted" in done.stderr
    for private in ("Ångström", "O'Brien", "@example.org"):
        assert private not in done.stderr
    set_grade("dora", 7)
    out.unlink()
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 1
    assert "dora: no line of the sheet" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
