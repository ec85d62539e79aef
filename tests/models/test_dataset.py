"""What a data file may and may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.errors import DataError
from edgeprune.models import load_dataset

X = np.zeros((6, 4, 4, 1), np.uint8)
Y = np.arange(6) % 3


def write(path: Path, **change: Any) -> Path:
    arrays = {"x_train": X, "y_train": Y, "x_test": X[:3], "y_test": Y[:3], **change}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_pixels_become_real_values(tmp_path: Path) -> None:
    x = np.full((6, 4, 4, 1), 255, np.uint8)
    data = load_dataset(write(tmp_path / "d.npz", x_train=x, scale=np.float32(2 / 255), offset=np.float32(-1)))
    inputs = data.train_inputs()
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs, 1.0, atol=1e-6)
    np.testing.assert_allclose(data.test_inputs(), -1.0)


@pytest.mark.parametrize("labels", [Y[:, None], Y.astype(np.float32), Y.astype(np.uint8), np.eye(3)[Y]])
def test_labels_in_every_usual_form(tmp_path: Path, labels: np.ndarray) -> None:
    data = load_dataset(write(tmp_path / "d.npz", y_train=labels))
    assert data.y_train.dtype == np.int64
    np.testing.assert_array_equal(data.y_train, Y)


with_nan = X.astype(np.float32)
with_nan[0, 0, 0, 0] = np.nan
BAD: list[tuple[dict[str, Any], str]] = [
    ({"x_test": None}, "'x_test' is missing"),
    ({"y_train": Y[:4]}, "x_train has 6 examples and y_train 4"),
    ({"x_train": with_nan}, "x_train holds 1 values that are NaN"),
    ({"x_train": np.zeros((0, 4, 4, 1)), "y_train": Y[:0]}, "not empty"),
    ({"x_train": np.array(["a"] * 6)}, "must hold numbers"),
    ({"x_train": np.array([None] * 6)}, "Python objects"),
    ({"x_test": np.zeros((3, 5, 4, 1))}, r"\[4, 4, 1\] and x_test \[5, 4, 1\]"),
    ({"y_test": np.array([0.5, 1, 2])}, "fractions"),
    ({"y_test": np.ones((3, 2))}, "one-hot"),
    ({"scale": np.float32(0)}, "scale is 0"),
    ({"scale": np.ones(3)}, "scale must be one finite number"),
    ({"offset": np.float32(np.inf)}, "offset must be one finite number"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[m for _, m in BAD])
def test_bad_arrays(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(write(tmp_path / "d.npz", **change))
    assert "d.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such data file"):
        load_dataset(tmp_path / "absent.npz")
    text = tmp_path / "text.npz"
    text.write_text("hello")
    whole = write(tmp_path / "whole.npz").read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole[: len(whole) // 2])
    for path in (text, cut):
        with pytest.raises(DataError, match="damaged or not an"):
            load_dataset(path)
    single = tmp_path / "single.npy"
    np.save(single, X)
    with pytest.raises(DataError, match="single array"):
        load_dataset(single)


def test_fit_to_a_model(tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path / "d.npz"))
    data.check_against((4, 4, 1), 3)
    data.check_against((None, None, 1), 10)
    for shape in ((4, 4, 3), (16,), (None, None, 3)):
        with pytest.raises(DataError, match=r"the model takes \["):
            data.check_against(shape, 3)
    with pytest.raises(DataError, match=r"labels from 0 to 2.*2 classes"):
        data.check_against((4, 4, 1), 2)
    with pytest.raises(DataError, match="labels from -1"):
        load_dataset(write(tmp_path / "n.npz", y_train=Y - 1)).check_against((4, 4, 1), 3)
