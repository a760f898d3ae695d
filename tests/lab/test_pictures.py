"""Charts and lesson pictures: each draws a figure that follows the page's colours and says what it shows."""

import os

import keras
import matplotlib.figure
import numpy as np
import pytest

CURVE = {"crossentropy": [0.9, 0.4, 0.1], "val_crossentropy": [1.0, 0.7, 0.6]}


@pytest.fixture
def shown(labkit, monkeypatch):
    """The pictures that were shown, instead of a notebook's output."""
    pictures = []
    monkeypatch.setattr(labkit.theme, "display", pictures.append)
    return pictures


def dense_model():
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])


LESSON_PICTURES = {
    "plot_penalty_contours": (),
    "plot_penalty_slopes": (),
    "plot_weights": ({"L2": "model"},),
    "plot_dropout_mask": (),
    "plot_inverted_dropout": (),
    "plot_dropout_places": (),
    "plot_uncertainty": (np.zeros(784), np.full(10, 0.1), np.full(10, 0.02)),
    "plot_sweep": ({0.001: 0.6, 0.01: 0.5, 0.1: 0.9},),
    "plot_curves": (CURVE,),
    "plot_boundaries": (),
}


@pytest.mark.parametrize("name", sorted(LESSON_PICTURES))
def test_a_picture_is_drawn_and_described(labkit, shown, name):
    arguments = LESSON_PICTURES[name]
    labkit.public[name](*arguments if name != "plot_weights" else ({"L2": dense_model()},))
    (picture,) = shown
    assert isinstance(picture.figure, matplotlib.figure.Figure)
    assert len(picture.description) > 15
    page = picture.html()
    assert page.startswith("<svg role=")
    assert "currentColor" in page
    assert labkit.theme.INK not in page
    assert len(page) < 60_000


def test_several_models_stand_side_by_side_on_one_scale(en):
    figure = en.plots.curves_figure({title: CURVE for title in "abcd"})
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:4] == ["a", "b", "c", "d"]
    assert len({axes.get_ylim() for axes in figure.axes[:4]}) == 1


def test_a_curve_that_lies_higher_than_the_first_panels_is_in_the_picture(en):
    higher = {name: [value + 2 for value in values] for name, values in CURVE.items()}
    figure = en.plots.curves_figure({"low": CURVE, "high": higher})
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        assert bottom == 0
        assert top >= 3


def test_epochs_are_whole_numbers_on_the_axis(en):
    (axes,) = en.plots.curves_figure({"": CURVE}).axes
    assert axes.get_xticks().tolist() == [int(tick) for tick in axes.get_xticks()]


def test_the_gap_is_written_where_it_hides_no_curve(en):
    flat = {"crossentropy": [0.5] * 4, "val_crossentropy": [0.51] * 4}
    high = {"crossentropy": [2.0] * 4, "val_crossentropy": [2.01] * 4}
    between, above, below = (
        axes.texts[0].xy[1] for axes in en.plots.curves_figure({"a": CURVE, "b": flat, "c": high}).axes[:3]
    )
    assert 0.1 < between < 0.6
    assert above == 0.51
    assert below == 2.0


def test_the_gap_is_written_as_the_language_writes_numbers(en, fr):
    def texts(kit):
        return [text.get_text() for text in kit.plots.curves_figure({"": CURVE}).axes[0].texts]

    assert texts(en) == ["gap 0.5"]
    assert texts(fr) == ["écart 0,5"]


def test_numbers_in_a_picture_keep_their_digits(en):
    page = en.theme.Picture(en.plots.sweep_figure({0.0001: 0.9, 0.001: 0.6}, "λ", True), "").html()
    assert ">0.0001<" in page
    assert ">0.001<" in page


def test_a_sweep_marks_its_minimum(en):
    axes = en.plots.sweep_figure({0.1: 0.9, 0.001: 0.6, 0.01: 0.5}, "λ", True).axes[0]
    assert axes.texts[0].get_text() == "lowest"
    assert tuple(axes.texts[0].xy) == (1, 0.5)


@pytest.mark.parametrize("wrong", [None, 3, {"loss": [1.0]}, {"a": {"loss": [1.0]}}])
def test_something_else_than_a_history_is_refused(en, wrong):
    with pytest.raises(ValueError, match=r"plot_curves needs what lab\.train returned"):
        en.public["plot_curves"](wrong)


def test_empty_dicts_are_refused(en):
    for name in ("plot_curves", "plot_sweep", "plot_weights"):
        with pytest.raises(ValueError, match="nothing to draw"):
            en.public[name]({})


def test_programs_that_keep_images_only_get_a_png(en, monkeypatch):
    picture = en.theme.Picture(en.pictures_penalties.slopes_figure(), "slopes")
    assert set(picture._repr_mimebundle_()) == {"text/html", "text/plain"}
    monkeypatch.setitem(os.environ, "LAB_FIGURES", "png")
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"image/png", "text/plain"}
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_tables_show_numbers_in_the_folders_language(en, fr, monkeypatch):
    tables = []
    for kit in (en, fr):
        monkeypatch.setattr(kit.tables, "display", tables.append)
        kit.public["show_table"]({"a": [1.23456, "x"], "<b>": [0.5, 2.0]})
    assert "<td>1.23</td>" in tables[0]._repr_html_()
    assert "<td>1,23</td>" in tables[1]._repr_html_()
    assert "&lt;b&gt;" in tables[0]._repr_html_()
    assert repr(tables[0]) == "a    1.23  x\n<b>  0.5   2"


def test_a_table_of_rows_has_their_keys_as_headings(en, monkeypatch):
    tables = []
    monkeypatch.setattr(en.tables, "display", tables.append)
    en.public["show_table"]([{"layer": "dense", "parameters": 650}])
    assert "<th scope='col'>parameters</th>" in tables[0]._repr_html_()
    with pytest.raises(ValueError, match="no rows"):
        en.public["show_table"]([])


def test_numbers_are_told_apart_although_a_comma_is_in_them(fr, en, monkeypatch):
    pictures = []
    for kit in (fr, en):
        monkeypatch.setattr(kit.theme, "display", pictures.append)
        kit.public["plot_boundaries"]()
        kit.public["plot_curves"]({"a": CURVE, "b": CURVE})
    french, curves, english, _same = pictures
    assert "\u00a0; L2, λ = 0,01\u00a0: 0,42\u00a0; Dropout 0,5\u00a0: " in french.description
    assert curves.description.endswith("a\u00a0: 0,5\u00a0; b\u00a0: 0,5")
    assert "; L2, λ = 0.01: 0.42; Dropout 0.5: " in english.description
    assert french.figure.axes[1].get_xlabel() == "entraînement 0,11\nnouveaux points 0,42"


def test_the_bars_of_an_uncertain_prediction_are_explained(fr):
    figure = fr.pictures_dropout.uncertainty_figure(*LESSON_PICTURES["plot_uncertainty"])
    assert figure.axes[1].get_xlabel() == "probabilité\u00a0: moyenne ± écart-type"


def test_the_rate_in_the_drawing_of_the_model_is_written_as_in_its_lesson(fr):
    texts = {text.get_text() for text in fr.pictures_dropout.places_figure().axes[0].texts}
    assert "Dropout\n0,5" in texts
