"""The learners' images and labels."""

import numpy as np
import pytest


def test_images_are_float32_between_0_and_1(labkit):
    (x_train, y_train), (x_val, y_val) = labkit.public["load_data"]()
    assert x_train.shape == x_val.shape == (2000, 28, 28)
    assert x_train.dtype == x_val.dtype == np.float32
    assert x_train.min() == 0
    assert x_train.max() == 1
    assert y_train.dtype == y_val.dtype == np.int32


def test_flat_images_are_the_same_images(en):
    images, flat = en.public["load_data"]()[0][0], en.public["load_data"](flat=True)[0][0]
    assert flat.shape == (2000, 784)
    assert np.array_equal(images.reshape(-1, 784), flat)


def test_classes_are_balanced_and_have_names(labkit):
    (_, y_train), (_, y_val) = labkit.public["load_data"]()
    assert set(np.bincount(y_train)) == set(np.bincount(y_val)) == {200}
    assert len(set(labkit.public["class_names"]())) == 10


def test_changing_the_images_of_one_call_leaves_the_next_alone(en):
    en.public["load_data"]()[0][0][:] = 7
    assert en.public["load_data"]()[0][0].max() == 1


def test_a_missing_data_file_is_said_by_name(en, monkeypatch, tmp_path):
    data = en.data
    monkeypatch.setattr(data, "ARCHIVE", tmp_path / "fashion_mnist_learners.npz")
    data._archive.cache_clear()
    with pytest.raises(FileNotFoundError, match=r"fashion_mnist_learners\.npz is missing: copy it"):
        data.load_data()
    data._archive.cache_clear()
