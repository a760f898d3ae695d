"""What a worker starts for its first notebook."""

from pathlib import Path

import pytest

from autograder.errors import CheckerError
from autograder.grading.grader import Grader
from autograder.sandbox import warm
from tests.mini.course import REFERENCE
from tests.mini.jobs import job


def test_kernels_are_prepared_while_the_checks_are_unless_the_run_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_plan(*_arguments: object) -> None:
        raise CheckerError("no plan")

    warm.shutdown()
    grader, mine = Grader(tmp_path), job([REFERENCE["double"]])
    with monkeypatch.context() as patched:
        patched.setattr(Grader, "_grade", no_plan)
        assert "no plan" in grader.grade(mine).fault
    assert warm._shared.zygote is not None
    assert grader.grade(mine).fault == ""
    warm.shutdown()
    assert grader.grade(mine).fault == ""
    assert warm._shared.zygote is None
    grader.close()
