"""The sheets that go back to the platform: what changes, and what must not."""

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
    feedback = "1_gap: 12/12<br>2_l1_l2: 1.25/8<br>  Nice &lt;b&gt;<br>λ &gt; 0"
    before = open_worksheet.read_bytes()
    old_line = next(line for line in before.split(b"\n") if b"Participant 2" in line)
    new_line = old_line.replace(b",0.00,20.00,", b",13.25,20.00,").replace(b",zero", f",{feedback}".encode())
    assert filled.data == before.replace(old_line, new_line)
    assert filled.students == ("bob",)
    assert [r.student for r in filled.held] == ["alice", "carol"]


def test_a_locked_row_keeps_its_grade_and_its_feedback(gradebook: Gradebook, set_grade: SetGrade) -> None:
    set_grade("alice", 5)  # "Grade can be changed" is No: Moodle would skip the grade, yet take the feedback
    set_grade("carol", 12)
    with pytest.raises(LmsError, match=r"Nothing was written: 1 .*\n  alice: the sheet says .* cannot be changed"):
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
        '10:17",-,\n', '10:17",-,1_gap: 12/12<br>2_l1_l2: 0.5/8\n'
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
    with pytest.raises(LmsError, match=r"bob: ambiguous[^\n]*\n  zed: ambiguous"):
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
    assert "held back: alice: not submitted" in done.stderr
    for private in ("Ångström", "O'Brien", "@example.org"):
        assert private not in done.stderr
    set_grade("dora", 7)
    out.unlink()
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 1
    assert "dora: no line of the sheet" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
