"""What demonstrations show, in the unit's files."""

from pathlib import Path

import pytest

from autograder.scale import shown

OUTPUTS = {"3": [{"output_type": "stream", "name": "stdout", "text": "½\n"}]}


def test_what_was_written_is_read_under_its_own_key(tmp_path: Path) -> None:
    path = tmp_path / "en" / "m.json"
    shown.write(path, "key", OUTPUTS)
    assert shown.read(path, "key") == OUTPUTS
    assert shown.read(path, "another") is None
    assert path.stat().st_mode & 0o777 == 0o644  # whoever installs the unit reads it


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff", b'{"of": "key"}', b'{"outputs": {}}'])
def test_a_file_that_is_something_else_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(content)
    assert shown.read(path, "key") is None
    assert shown.read(tmp_path / "missing.json", "key") is None
