"""What the class report shows of learners' work names nobody: code, sentences, titles."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from autograder.i18n import Message
from autograder.insight.examples import PYTHON, anonymous, answer_of, example
from autograder.insight.misconceptions import shape, told
from autograder.insight.outline import Outline, read_outline

ROOT = Path(__file__).parents[2]
ADA = '''# I am Ada Lovelace
def l2_penalty(w, lam):
    """Ada's."""
    ada = f"{w} by Ada" + "Ada" + b"Ada".decode()
    lovelace = 12345678  # my number
    return lam * (w**2).sum() / 2 + np.ada
'''


def test_an_example_keeps_the_structure_and_loses_comments_texts_numbers_and_own_names() -> None:
    shown = example([ADA], frozenset({"l2_penalty", "w", "lam", "np"}))
    assert "ada" not in shown.lower()
    assert "lovelace" not in shown.lower()
    assert "12345678" not in shown
    assert "return lam * (w ** 2).sum() / 2 + np.name_1" in shown


def test_what_two_learners_write_names_nobody() -> None:
    first, second = "total = w.sum()", "total = w.sum() + 1 + 1"
    assert example([second, first], frozenset({"w"})) == first
    assert example([first], frozenset({"w"})) == "name_1 = w.sum()"


def test_code_that_is_no_python_is_no_example() -> None:
    assert example(["def ada(:", "# Ada", ""], frozenset()) == ""
    assert example(["-" * 4000 + "1"], frozenset()) in ("", "-" * 4000 + "1")


@given(st.text(max_size=200))
def test_no_word_of_a_strangers_text_is_shown_unless_it_is_known(source: str) -> None:
    shown = anonymous(f"x = 1\n{source}", {"x"})
    words = {w for w in shown.replace("…", " ").split() if w.isidentifier()}
    assert all(w == "x" or w.startswith("name_") or w in PYTHON for w in words)


def test_an_answer_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "source": ["a\n", "b"], "metadata": {"nbgrader": {"grade_id": "penalty"}}}
    for text in ("no notebook", "[1]", '{"cells": 3}', '{"cells": [{"metadata": []}]}'):
        (tmp_path / "x.ipynb").write_text(text, encoding="utf-8")
        assert answer_of(tmp_path / "x.ipynb", "penalty") == ""
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    assert answer_of(tmp_path / "x.ipynb", "penalty") == "a\nb"
    assert answer_of(tmp_path / "x.ipynb", "other") == ""


def test_a_sentence_has_the_spread_of_its_numbers() -> None:
    messages = [Message("It is {found:.1f}, {wanted:g} of {count}.", {"found": v, "wanted": 2.0, "count": 3})
                for v in (0.25, 4.0, 0.5)]  # fmt: skip
    assert told(messages, "en", frozenset()) == "It is 0.2 … 4.0, 2 of 3."
    assert told(messages, "fr", frozenset()) == "It is 0,2 … 4,0, 2 of 3."
    assert told(messages[:1], "en", frozenset()) == "It is 0.2, 2 of 3."
    many = [Message("{n:d} epochs, {x:g}.", {"n": i, "x": float("nan")}) for i in range(101)]
    assert told(many, "en", frozenset()) == "5 … 95 epochs, nan."
    whole = [Message("{n:,} steps.", {"n": n}) for n in (-3, 1_200)]
    assert [told(whole, language, frozenset()) for language in ("en", "fr")] == [
        "−3 … 1,200 steps.",
        "−3 … 1\u202f200 steps.",
    ]


def test_a_sentence_quotes_no_learner() -> None:
    messages = [Message("`{name}` stopped: {text}", {"name": "f", "text": text}) for text in ("I am Ada", "by Bob")]
    assert told(messages, "en", frozenset({"f"})) == "`f` stopped: …"
    assert told(messages, "en", frozenset({"f", "by Bob"})) == "`f` stopped: by Bob"


def test_reasons_inside_a_sentence_tell_two_mistakes_apart() -> None:
    one, other = (Message("{text}", {"text": Message(t, {"n": 1})}) for t in ("First {n}.", "Second {n}."))
    assert shape(one) != shape(other)
    assert told([one, one], "en", frozenset()) == "First 1."


def test_titles_come_from_the_notebooks_of_the_course() -> None:
    outline = read_outline(ROOT / "source" / "regularisation")
    assert outline.notebook("3_dropout") == "3 · Le Dropout"
    assert outline.task("3_dropout", "inverted").endswith(" 3.1 — Le Dropout à la main")
    assert outline.lesson("3_dropout", "inverted") == "3.1 · Éteindre au hasard, sans changer la moyenne"
    assert outline.place("1_gap", "eval_mode") < outline.place("2_l1_l2", "penalty") < outline.place("0", "none")
    assert {"keras", "Dropout", "return"} <= outline.words
    assert Outline().task("1_gap", "gap") == "gap"


def test_a_notebook_that_cannot_be_read_gives_no_titles(tmp_path: Path) -> None:
    for number, text in enumerate(("no notebook", '{"cells": [1]}', "[]", '{"cells": [{"cell_type": "code"}]}')):
        (tmp_path / f"{number}.ipynb").write_text(text, encoding="utf-8")
    assert read_outline(tmp_path).notebook("0") == "0"
