"""What Python sees of a cell: which cells are one program, and which names a cell leaves to others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.execution.programs import names_of, needed, program_of
from autograder.grading.alike import Alike, _tells_the_text


def test_comments_and_layout_are_not_code() -> None:
    assert program_of("x = 1  # one\n\n\ny = (2)") == program_of("x=1\ny=2")
    assert program_of("x = 1") != program_of("x = 2")
    assert program_of("x = 'a # b'") != program_of("x = 'a # c'")
    assert program_of("def f():\n    'says a'") != program_of("def f():\n    'says b'")
    assert program_of("%matplotlib inline") != program_of("%matplotlib  inline")
    assert program_of("(" * 5000) == "(" * 5000


LINES = """x = a.b
def f(a):
    return x
for i in x:
    global y
%magic
lambda: x
x[0] += 1
'\\d'
match x:
    case [a, *_]: pass
class C(x):
with a as (b, c):
async def g(): await x""".splitlines()


@given(st.text(st.characters(exclude_categories=())) | st.lists(st.sampled_from(LINES), max_size=8).map("\n".join))
def test_whatever_a_cell_holds_can_be_looked_at(source: str) -> None:
    assert program_of(source) is not None
    assert needed([(source, True), (source, False)])


@pytest.mark.parametrize(
    ("cell", "needs", "changes"),
    [
        ("x = x + 1", {"x"}, {"x"}),
        ("for row in rows:\n    total = row", {"rows"}, {"row", "total"}),
        ("model.layers[1].rate = rate", {"model", "rate"}, {"model"}),
        ("count += 1", {"count"}, {"count"}),
        ("del thing", {"thing"}, {"thing"}),
        ("import a.b as c, d.e", set(), {"c", "d"}),
        ("with f() as g:\n    h = g", {"f"}, {"g", "h"}),
        ("if (n := m):\n    print(n)", {"m", "print"}, {"n"}),
        ("[w.x for w in ws]", {"ws"}, set()),
        ("x = {k: {v for v in k} for k in ks}, (last := [n for n in ks])", {"ks"}, {"x", "last"}),
        ("def f():\n    return [n for n in rows]", set(), {"f"}),
        ("class A(B):\n    def f(self):\n        self.x = 1", {"B"}, {"A"}),
        ("def f():\n    global g\n    g = 1", set(), {"f", "g"}),
        ("try:\n    a\nexcept E as error:\n    pass", {"a", "E"}, {"error"}),
        ("%time x = f(y)", {"time", "x", "f", "y"}, {"time", "x", "f", "y"}),
    ],
)
def test_names_are_those_that_python_reads_and_binds(cell: str, needs: set[str], changes: set[str]) -> None:
    assert (names_of(cell).needs, names_of(cell).changes) == (needs, changes)


@pytest.mark.parametrize(
    ("later", "free"),
    [
        ("print(1)", True),
        ("print(layer)", False),
        ("layer = 2\nprint(layer)", True),
        ("layer = layer + 1", False),
        ("if late:\n    layer = 2\nprint(layer)", False),
        ("def f(layer):\n    return layer", True),
        ("def f():\n    return layer", False),
        ("f = lambda: layer", False),
        ("[layer for layer in (1, 2)]", True),
        ("print('layer')", True),
        ("eval('lay' + 'er')", False),
        ("%timeit layer(3)", False),
        ("this is no Python, layer", False),
    ],
)
def test_a_cell_may_be_left_out_where_no_later_one_needs_its_names(later: str, free: bool) -> None:
    assert (needed([("layer = 1\nother = 2", True), (later, False)])[0] == set()) is free


def test_a_function_written_before_may_be_called_after() -> None:
    assert needed([("def f():\n    return layer", False), ("layer = 1", True), ("f()", False)])[1] == {"layer"}


def test_what_only_a_cell_needs_that_is_left_out_may_be_left_out() -> None:
    cells = [("history = 1", True), ("curve = history", True), ("print(1)", False)]
    assert needed(cells) == [set(), set(), set()]
    assert needed([*cells, ("print(curve)", False)]) == [{"history"}, {"curve"}, set(), set()]


def test_a_cell_that_may_change_anything_stays() -> None:
    assert needed([("exec('x = 1')", True)]) == [{"*"}]
    assert needed([("from lab import *", True)]) == [{"*"}]


def notebook(*sources: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]})


def test_outputs_move_to_the_cells_of_the_same_program() -> None:
    one, other = Alike(notebook("x = 1", "# nothing", "print(x)")), Alike(notebook("", "x = 1  # one", "print( x )"))
    assert one.programs == other.programs
    assert other.outputs({"0": [], "1": [], "2": [{"text": "1"}]}, one.code) == {"1": [], "2": [{"text": "1"}]}


READING = (
    "import inspect",
    "from inspect import getsource",
    "print(In[-1])",
    "f.__code__",
    "__import__('inspect')",
    "sys._getframe()",
    "get_ipython()",
    "help(f)",
)


@pytest.mark.parametrize("source", READING)
def test_a_program_that_may_read_its_own_text_is_known(source: str) -> None:
    assert Alike(notebook(source)).reads_text
    assert not Alike(notebook(f"# {source}\nx = 'In the model, help is traceback'")).reads_text


@pytest.mark.parametrize(
    ("found", "tells"),
    [
        ([{"output_type": "error", "ename": "E"}], True),
        ([{"output_type": "stream", "name": "stderr", "text": "careful"}], True),
        ([{"output_type": "stream", "name": "stdout", "text": 'File "x", line 3'}], True),
        ([{"output_type": "stream", "name": "stdout", "text": "the line is straight"}], False),
        ([{"output_type": "display_data", "data": {"image/png": "line 3"}}], False),
    ],
)
def test_what_tells_of_lines_is_known(found: object, tells: bool) -> None:
    assert _tells_the_text(found) is tells
