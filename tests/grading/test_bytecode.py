"""The course's modules come compiled to a kernel; a learner's do not."""

import sys
from dataclasses import replace

from autograder.grading.bytecode import compiled
from autograder.grading.grader import Grader
from autograder.records import Files
from tests.mini.jobs import job, printed

LAB = b"def fails():\n    return 1 / 0\n"


def test_a_kernel_reads_what_was_compiled_of_the_courses_modules_alone(grader: Grader) -> None:
    cells = [
        "import lab, own\nfrom pathlib import Path\nprint(*(Path(m.__cached__).exists() for m in (lab, own)))",
        "lab.fails()",
    ]
    course = Files({"lab.py": LAB, "kit/__init__.py": b"", "notes.txt": b"no Python"})
    outcome = grader.grade(replace(job(cells, files={"own.py": b"x = 1"}), course=course))
    assert outcome.fault == ""
    assert printed(outcome.outputs, 0) == "True False\n"
    (error,) = outcome.outputs[1]
    assert "lab.py" in (trace := "".join(error["traceback"]))
    assert "return" in trace  # the line is found


def test_what_is_no_python_is_left_to_the_kernel() -> None:
    found = compiled({"good.py": LAB, "kit/good.py": LAB, "bad.py": b"def", "nul.py": b"\0", "lines.txt": LAB})
    name = f"__pycache__/good.{sys.implementation.cache_tag}.pyc"
    assert sorted(found) == [name, f"kit/{name}"]
