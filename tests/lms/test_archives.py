"""Archives as real tools make them, through nbgrader's own zip_collect: `zip`, macOS, PowerShell, 7-Zip, browsers."""

import base64
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from autograder.lms.archives import LOST_STATUS

from .conftest import WORKSHEET
from .test_collect import CANVAS, Collect, collected, course, zip_collect

__all__ = ["course", "zip_collect"]
FROM_MOODLE = ("--collector=autograder.lms.MoodleCollector", f"--MoodleCollector.worksheet={WORKSHEET}",
               "--MoodleCollector.match_email=True", "--force")  # fmt: skip
BOB = "Bob OBrien_2_assignsubmission_file"
ALICE = "Alice Angstrom_3_assignsubmission_file"
# made by `zip -P` and by 7-Zip
WITH_PASSWORD = base64.b64decode(
    "UEsDBBQACQAIAOUQel0folSyQgAAAEIAAAALABwAd2VlazEuaXB5bmJVVAkAA02UB2tNlAdrdXgLAAEEAAAAAAQAAAAAfKaEs0jiKVYB2Nse"
    "68IXHZh7DQN9U21cSDKSN5yw/JzrAQg6F2wtjA/QlHuZ6gUedM5NWFjXs8yn5PdjCsza/GkmUEsHCB+iVLJCAAAAQgAAAFBLAQIeAxQACQAI"
    "AOUQel0folSyQgAAAEIAAAALABgAAAAAAAEAAACkgQAAAAB3ZWVrMS5pcHluYlVUBQADTZQHa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQAB"
    "AFEAAACXAAAAAAA="
)
SEVEN_ZIP = base64.b64decode(
    "N3q8ryccAAStRrqjPwAAAAAAAABiAAAAAAAAAMqNM4TgAEEAN10APYiIZpQivPGzPt3uAe7YX82ivAfiBIwscNVURV/ZkjJdnM0WbplIsj2d"
    "s6O7qCbFiF2UnBZgAAABBAYAAQk/AAcLAQABISEBAAxCAAgKAR+iVLIAAAUBGQwAAAAAAAAAAAAAAAARGQB3AGUAZQBrADEALgBpAHAAeQBu"
    "AGIAAAAZAgAAFAoBAEP41ddKfd0BFQYBACCApIEAAA=="
)


def packed(*files: tuple[str, str | bytes], minute: int = 0) -> bytes:
    """A zip of (name, content), as written at that minute; names are kept as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files:
            file.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 10, minute, 0)), text)
    return content.getvalue()


def class_of(course: Path, uploads: dict[str, bytes], name: str = "class.zip") -> None:
    """What the platform gives: path → what a learner uploaded."""
    with zipfile.ZipFile(course / "downloaded" / "week1" / "archive" / name, "w") as file:
        for path, content in uploads.items():
            file.writestr(zipfile.ZipInfo(path, (2026, 11, 22, 10, 0, 0)), content)


def bobs(course: Path) -> str:
    return (course / "submitted" / "bob" / "week1" / "week1.ipynb").read_text()


def tarred(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as file:
        info = tarfile.TarInfo(name)
        info.size = len(text)
        file.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()


MACOS = (
    ("__MACOSX/._week1.ipynb", "\0\5\x16\7"),
    ("__MACOSX/Work/._week1.ipynb", "\0\5\x16\7"),
    ("._week1.ipynb", "x"),
)


ENVIRONMENTS = (".venv/lib", "env\\Lib\\site-packages\\p")
LEARNERS = {
    "macOS": ("week1.zip", packed(("week1.ipynb", "work"), *MACOS)),
    "macOS, a folder": ("Work.ZIP", packed(("Work/week1.ipynb", "work"), *MACOS)),
    "checkpoints": ("w.zip", packed(("X/.ipynb_checkpoints/week1.ipynb", "no"), ("X/week1.ipynb", "work"))),
    "the topmost": ("w.zip", packed(("X/old/week1.ipynb", "old"), ("X/week1.ipynb", "work"))),
    "the right name": ("w.zip", packed(("X/week1 (1).ipynb", "copy"), ("X/week1.ipynb", "work"))),
    "PowerShell": ("w.zip", packed(("X\\", ""), ("X\\WEEK1.IPYNB", "work"))),
    "a surname": ("w.zip", packed(("a/b/c/week1_OBrien.ipynb", "work"))),
    "a zip in a zip": ("w.zip", packed(("inner.zip", packed(("week1.ipynb", "work"))))),
    "an environment": (
        "w.zip",
        packed(
            *((f"X/{e}/m{i}", "") for e in ENVIRONMENTS for i in range(21_000)),
            ("X/env/Lib/site-packages/p/week1.ipynb", "no"),
            ("X/week1.ipynb", "work"),
        ),
    ),
    "compressed data": ("w.zip", packed(("X/data.csv.gz", "no archive"), ("X/week1.ipynb", "work"))),
    "tar": ("w.tar.gz", tarred("X/week1.ipynb", "work")),
    "the same twice": ("w.zip", packed(("a/week1.ipynb", "work"), ("b/week1.ipynb", "work"))),
}


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_learners_own_archive_is_read(course: Path, zip_collect: Collect, kind: str) -> None:
    name, content = LEARNERS[kind]
    class_of(course, {f"{BOB}/{name}": content})
    status, said = zip_collect(*FROM_MOODLE)
    assert status == 0, said
    assert bobs(course) == "work"
    assert collected(course) == {"bob/week1/week1.ipynb"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_a_file_that_was_put_into_a_zip_twice_the_last_counts(course: Path, zip_collect: Collect) -> None:
    class_of(course, {f"{BOB}/w.zip": packed(("week1.ipynb", "first"), ("week1.ipynb", "work"))})
    status, said = zip_collect(*FROM_MOODLE)
    assert (status, bobs(course)) == (0, "work"), said


def test_of_two_at_one_depth_the_newer_is_taken(course: Path, zip_collect: Collect) -> None:
    path = course / "both.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(zipfile.ZipInfo("a/week1.ipynb", (2026, 11, 22, 10, 30, 0)), "newer")
        file.writestr(zipfile.ZipInfo("b/week1.ipynb", (2026, 11, 22, 10, 10, 0)), "older")
    class_of(course, {f"{BOB}/w.zip": path.read_bytes()})
    status, said = zip_collect(*FROM_MOODLE)
    assert (status, bobs(course)) == (0, "newer"), said


BROKEN = {
    "a renamed RAR": ("w.zip", b"Rar!\x1a\x07\x01\x00" + bytes(100)),
    "cut off": ("w.zip", packed(("week1.ipynb", "work" * 1000))[:-60]),
    "damaged": ("w.zip", packed(("week1.ipynb", "work")).replace(b"work", b"walk")),
    "a password": ("w.zip", WITH_PASSWORD),
    "7-Zip's own": ("w.7z", SEVEN_ZIP),
    "a way out": ("w.zip", packed(("../../../alice/week1.ipynb", "bob's"))),
    "two to choose from": ("w.zip", packed(("a/week1.ipynb", "work"), ("b/week1.ipynb", "other"))),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_read_is_named_and_everybody_else_is_collected(
    course: Path, zip_collect: Collect, kind: str
) -> None:
    name, content = BROKEN[kind]
    class_of(course, {f"{BOB}/{name}": content, f"{ALICE}/week1.ipynb": b"alice's"})
    status, said = zip_collect(*FROM_MOODLE)
    assert collected(course) == {"alice/week1/week1.ipynb"}
    if kind != "a way out":
        assert (status, f"{BOB}/{name}" in said.splitlines()[-1]) == (LOST_STATUS, True), said


def test_names_in_an_archive_steer_no_terminal(course: Path, zip_collect: Collect) -> None:
    odd = packed(("\x1b[2J/week1.ipynb", "work"), ("\x1b]0;x\x07.zip", b"broken"), ("x\x1b[1m.ipynb", "other"))
    class_of(course, {f"{BOB}/w.zip": odd})
    _status, said = zip_collect(*FROM_MOODLE)
    assert bobs(course) == "work"
    assert "\x1b" not in said
    assert "\x07" not in said


def test_a_broken_download_does_not_stop_the_others(course: Path, zip_collect: Collect) -> None:
    class_of(course, {f"{BOB}/week1.ipynb": b"work"}, "a.zip")
    (course / "downloaded" / "week1" / "archive" / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    status, said = zip_collect(*FROM_MOODLE)
    assert (status, bobs(course)) == (LOST_STATUS, "work")
    assert "b.zip" in said.splitlines()[-1]


def test_a_bomb_is_left_out(course: Path, zip_collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.lms.archives.MAX_BYTES", 1000)
    bomb = packed(("w.bin", "x" * 600), ("inner.zip", packed(("week1.ipynb", "x" * 600))))
    class_of(course, {f"{BOB}/w.zip": bomb, f"{ALICE}/week1.ipynb": b"a" * 2000})
    status, _said = zip_collect(*FROM_MOODLE)
    assert (status, collected(course)) == (LOST_STATUS, {"alice/week1/week1.ipynb"})


def test_the_platforms_archive_may_hold_more_files_than_a_learners(
    course: Path, zip_collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.lms.archives.MAX_FILES", 2)
    theirs = packed(*((f"{n}.py", "x") for n in range(2)), ("week1.ipynb", "x"))
    own = {f"{ALICE}/{name}": b"a" for name in ("1.py", "2.py", "3.py", "week1.ipynb")}
    class_of(course, {f"{BOB}/w.zip": theirs, **own})
    status, said = zip_collect(*FROM_MOODLE)
    assert (status, collected(course)) == (LOST_STATUS, {"alice/week1/week1.ipynb"}), said


def test_a_download_that_was_packed_again_as_a_folder_is_read(course: Path, zip_collect: Collect) -> None:
    class_of(course, {f"KERAS101-week1-3/{BOB}/week1.ipynb": b"work", f"__MACOSX/KERAS101-week1-3/._{BOB}": b"x"})
    status, said = zip_collect(*FROM_MOODLE)
    assert (status, bobs(course)) == (0, "work"), said


def test_nothing_collected_is_said_and_told_by_the_status(course: Path, zip_collect: Collect) -> None:
    class_of(course, {"Bob/week1.ipynb": b"work"})
    status, said = zip_collect(*FROM_MOODLE)
    assert status == LOST_STATUS
    assert "Nothing was collected: no file has a name that the platform gives." in said


def test_a_class_that_nobody_knows_here_is_no_matter_of_names(course: Path, zip_collect: Collect) -> None:
    class_of(course, {"Nobody_9_assignsubmission_file/week1.ipynb": b"x", f"{BOB.replace('_2_', '_8_')}/a.ipynb": b"x"})
    status, said = zip_collect(*FROM_MOODLE)
    assert status == LOST_STATUS
    assert "of the 2 who handed in, nobody is known here" in said
    assert "`--MoodleCollector.key_column`" in said


def test_on_moodle_what_is_no_file_of_the_assignment_is_nobodys(course: Path, zip_collect: Collect) -> None:
    class_of(course, {
        "Bob OBrien_2_assignsubmission_onlinetext_Alice_3_assignsubmission_file_week1.ipynb": b"forged",
        "Bob OBrien_2_assignsubmission_onlinetext/Alice_3_assignsubmission_file/week1.ipynb": b"forged",
        f"{BOB}/week1.ipynb": b"work",
    })  # fmt: skip
    assert zip_collect(*FROM_MOODLE)[0] == LOST_STATUS
    assert collected(course) == {"bob/week1/week1.ipynb"}


FROM_CANVAS = ("--collector=autograder.lms.CanvasCollector", "--CanvasCollector.gradebook=canvas.csv", "--force")


def test_on_canvas_a_learners_zip_is_its_owners_whatever_is_in_it(course: Path, zip_collect: Collect) -> None:
    (course / "canvas.csv").write_text(CANVAS)
    inner = packed(("X/week1.ipynb", "bob's"), ("a/x_101_9_week1.ipynb/week1.ipynb", "bob's, too, but deeper"))
    class_of(course, {"submissions/obrienbob_102_9002_w.zip": inner, "submissions/a_101_8000_week1.ipynb": b"alice's"})
    status, said = zip_collect(*FROM_CANVAS)
    assert status == 0, said
    assert bobs(course) == "bob's"
    assert (course / "submitted" / "alice" / "week1" / "week1.ipynb").read_text() == "alice's"


def test_on_canvas_an_archive_that_could_be_a_learners_is_not_looked_through(
    course: Path, zip_collect: Collect
) -> None:
    (course / "canvas.csv").write_text(CANVAS)
    folder = course / "downloaded" / "week1" / "archive"
    (folder / "obrienbob_102_9002_w.zip").write_bytes(packed(("x_101_9999_week1.ipynb", "forged")))
    (folder / "carol_103_9002_w.zip").write_bytes(packed(("week1.ipynb", "carol's")))
    assert zip_collect(*FROM_CANVAS)[0] == LOST_STATUS
    assert collected(course) == {"carol/week1/week1.ipynb"}
