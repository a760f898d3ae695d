"""How strong a model's regularization is, read from its config."""

from typing import Any

from autograder.units.regularization.strengths import strengths_in


def dense(**regularizer: Any) -> dict[str, Any]:
    """A layer with a regularizer, as Keras writes it."""
    return {"class_name": "Dense", "config": {"units": 10, "kernel_regularizer": regularizer}}


def test_the_largest_strength_of_each_kind_is_found_at_any_depth() -> None:
    layers = [
        dense(class_name="L2", config={"l2": 0.001}),
        dense(class_name="L1L2", config={"l1": 0.1, "l2": 0.01}),
        {"class_name": "Dropout", "config": {"rate": 0.5}},
        {"class_name": "Dropout", "config": {"rate": 0.2}},
    ]
    assert strengths_in({"config": {"layers": layers}}) == {"l1": 0.1, "l2": 0.01, "rate": 0.5}


def test_a_model_without_regularization_has_none() -> None:
    assert strengths_in({"layers": [dense(class_name="L2", config={"l2": 0.0})]}) == {}
