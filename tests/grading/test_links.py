"""Nothing but plain files is left of a submission, whatever the modes and the depth of its folders, as root or not."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.notebooks import make_room, remove_links

ORDINARY_UID = 12345
DEEP = """
import os
for _ in range(1500):
    os.mkdir("d")
    os.chdir("d")
os.symlink("/etc/passwd", "link")
"""
# runs as an ordinary user, with what root has imported: Python may lie where only root can read it
AS_ORDINARY_USER = f"""
import os, pathlib, sys
from autograder.grading.notebooks import make_room, remove_links
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({ORDINARY_UID}); os.setuid({ORDINARY_UID})
print(sorted(remove_links(pathlib.Path(sys.argv[1]))))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an ordinary user reaches, too."""
    top = Path(tempfile.mkdtemp(prefix="links-"))
    top.chmod(0o755)
    (top / "mini").mkdir()
    yield top / "mini"
    subprocess.run(["rm", "-rf", str(top)], check=True)


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}


def test_what_is_no_plain_file_goes(folder: Path) -> None:
    (folder / "mine.txt").write_text("mine")
    (folder / "odd\n-name").write_text("mine")
    (folder / "-delete").symlink_to("/etc/passwd")
    (folder / "a\nb").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder.parent / "secret").write_text("the grader's own")
    os.link(folder.parent / "secret", folder / "hard")
    (folder.parent / "secret").chmod(0o400)
    assert set(remove_links(folder)) == {"-delete", "a\nb", "pipe", "hard"}
    assert files(folder) == {"mine.txt", "odd\n-name"}
    assert (folder.parent / "secret").stat().st_mode & 0o777 == 0o400


def test_in_folders_of_any_mode_whoever_grades(folder: Path) -> None:
    for mode in (0o555, 0o500, 0o000, 0o333):
        inner = folder / f"{mode:o}" / "inner"
        inner.mkdir(parents=True)
        (inner / "link").symlink_to("/etc/passwd")
        (inner / "mine.txt").write_text("mine")
        (inner / "mine.txt").chmod(0)
        for path in (inner, inner.parent):
            path.chmod(mode)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-Rh", f"{ORDINARY_UID}:{ORDINARY_UID}", str(folder)], check=True)
    command = [sys.executable, "-c", AS_ORDINARY_USER, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.stdout == "['0/inner/link', '333/inner/link', '500/inner/link', '555/inner/link']\n", done.stderr
    assert files(folder) == {f"{mode}/inner/mine.txt" for mode in ("0", "333", "500", "555")}
    assert all(os.stat(path).st_mode & 0o600 == 0o600 for path in folder.rglob("mine.txt"))


def test_in_folders_of_any_depth(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", DEEP], cwd=folder, check=True)
    (folder / "d" / "mine.txt").write_text("mine")
    assert len(remove_links(folder)) > 1000
    assert files(folder) == {"d/mine.txt"}
    shutil.rmtree(folder / "d")  # which cannot remove what was there before


def test_what_cannot_be_removed_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    monkeypatch.setattr(os, "defpath", "/nowhere")
    with pytest.raises(OSError, match=r".+"):
        remove_links(folder)


def test_what_no_submission_holds_goes_the_largest_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine.txt").write_text("mine")
    with (folder / "holes").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no place here, and would where it is copied
    assert remove_links(folder) == ["holes"]
    assert files(folder) == {"mine.txt"}
    for number in range(6):
        (folder / f"{number}.txt").write_text("x" * (10 + number))
    monkeypatch.setattr("autograder.grading.notebooks.MAX_KEPT", 5)
    assert remove_links(folder) == ["4.txt", "5.txt"]


def test_the_courses_own_files_get_room(folder: Path) -> None:
    source = folder.parent / "source"
    for name in ("lab.py", "labkit/data/images.npz", "labkit/__init__.py", "m.ipynb"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("course")
    (folder / "lab.py" / "deep").mkdir(parents=True)
    (folder / "lab.py" / "deep" / "x.py").write_text("mine")
    (folder / "labkit").write_text("mine")
    (folder / "notes.txt").write_text("mine")
    assert sorted(make_room(folder, source)) == ["lab.py", "labkit"]
    (folder / "labkit" / "__init__.py").mkdir(parents=True)
    (folder / "labkit" / "data").write_text("mine")
    assert sorted(make_room(folder, source)) == ["labkit/__init__.py", "labkit/data"]
    assert make_room(folder, source) == []
    assert files(folder) == {"notes.txt"}
