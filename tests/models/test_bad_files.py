"""Model files that carry code, unknown layers or unknown versions, and the user's own layers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeprune.errors import ModelError, UserError
from edgeprune.models import adopt, custom, load, save
from edgeprune.models.keras3 import keras3
from edgeprune.models.tensorflow import keras, tensorflow

layers = keras().layers


def rewrite(source: Path, target: Path, member: str, change: dict[str, Any]) -> None:
    """Copy a .keras archive with values of one of its JSON files changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, json.dumps({**json.loads(content), **change}) if name == member else content)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    keras().Sequential([layers.Dense(3, input_shape=(4,))]).save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


@pytest.mark.parametrize("version", ["4.0.0", "1.2.2", "new", "", "3"])
def test_files_of_an_unknown_keras(tmp_path: Path, small: Path, version: str) -> None:
    rewrite(small, tmp_path / "odd.keras", "metadata.json", {"keras_version": version})
    with pytest.raises(ModelError, match=r"odd\.keras: it was written by Keras .*only Keras 2 and 3 are known"):
        load(tmp_path / "odd.keras")


@pytest.mark.parametrize("name", ["m.h5", "m.keras", "folder"])
def test_code_in_a_file_is_never_run(tmp_path: Path, name: str) -> None:
    witness = tmp_path / "ran"
    i = keras().Input((4,))
    place = str(witness)
    run = layers.Lambda(lambda x: [x * 2.0, open(place, "w").close()][0], name="evil")  # noqa: PTH123
    made = keras().Model(i, run(i))
    made.save(tmp_path / name, **({"save_format": "tf"} if name == "folder" else {}))
    witness.unlink()
    with pytest.raises(ModelError, match=r"'evil' is a Lambda"):
        load(tmp_path / name)
    assert not witness.exists()


def test_a_function_of_another_package_is_not_imported(tmp_path: Path, small: Path) -> None:
    entry = {"module": "os", "class_name": "system", "registered_name": "system", "config": {"name": "shell"}}
    rewrite(small, tmp_path / "evil.keras", "config.json", {"config": {"name": "m", "layers": [entry]}})
    with pytest.raises(ModelError, match="layer 'shell' is of the class 'system'"):
        load(tmp_path / "evil.keras")


SOURCE = """
import {module} as keras
from edgeprune.models.custom import register_layer

@register_layer
class {name}(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.scale
"""


def test_a_custom_layer_of_keras_2_is_read_once_it_is_registered(tmp_path: Path) -> None:
    class Unheard(layers.Layer):
        pass

    i = keras().Input((4,))
    for name in ("own.keras", "own.h5"):
        keras().Model(i, Unheard(name="mine")(i)).save(tmp_path / name)
        with pytest.raises(ModelError, match=r"class 'Unheard'.*register_layer.*--custom"):
            load(tmp_path / name)
    (tmp_path / "scale.py").write_text(SOURCE.format(module="tf_keras", name="Scale"))
    custom.run_file(tmp_path / "scale.py")
    made = keras().Model(i, custom.objects()["Scale"](name="mine")(i))
    made.set_weights([np.array([1.0, 2.0, 3.0, 4.0])])
    made.save(tmp_path / "scaled.keras")
    loaded = load(tmp_path / "scaled.keras")
    np.testing.assert_allclose(loaded.model(np.ones((1, 4)))[0], [1, 2, 3, 4])
    assert tmp_path / "scale.py" in custom.files()


def test_a_custom_layer_of_keras_3_needs_its_class_in_both(tmp_path: Path) -> None:
    (tmp_path / "three.py").write_text(SOURCE.format(module="keras", name="Gain"))
    custom.run_file(tmp_path / "three.py")
    i = keras3().Input((4,))
    made = keras3().Model(i, custom.objects(3)["Gain"](name="mine")(i))
    made.set_weights([np.array([1.0, 2.0, 3.0, 4.0])])
    made.save(tmp_path / "gain.keras")
    with pytest.raises(ModelError, match=r"'mine' \(Gain\).*Keras 2 has no such layer"):
        load(tmp_path / "gain.keras")
    (tmp_path / "two.py").write_text(SOURCE.format(module="tf_keras", name="Gain"))
    custom.run_file(tmp_path / "two.py")
    loaded = load(tmp_path / "gain.keras")
    np.testing.assert_allclose(loaded.model(np.ones((1, 4)))[0], [1, 2, 3, 4])
    save(loaded, tmp_path / "back.keras")
    np.testing.assert_allclose(load(tmp_path / "back.keras").model(np.ones((1, 4)))[0], [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ny = (\n", r"line 2 is not valid Python"),
        ("x = 1\nraise ValueError('no')\n", r"line 2 fails with ValueError \(no\)"),
        ("import sys\nsys.exit(3)\n", "line 2 fails with SystemExit"),
        ("from edgeprune.models.custom import register_layer\nregister_layer(int)\n", "int is no layer class"),
    ],
)
def test_a_custom_file_that_fails_is_explained(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(UserError, match=words):
        custom.run_file(tmp_path / "own.py")
    assert tmp_path / "own.py" not in custom.files()


def test_a_custom_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        custom.run_file(tmp_path / "absent.py")


def test_things_that_are_no_model_and_subclassed_models() -> None:
    with pytest.raises(ModelError, match="list is no Keras model"):
        adopt([1])

    class Own3(keras3().Model):  # type: ignore[misc]
        pass

    class Own2(keras().Model):  # type: ignore[misc]
        pass

    for made in (Own3(name="own"), Own2(name="own")):
        with pytest.raises(ModelError, match=r"'own' is .*subclassed"):
            adopt(made)


def test_exported_functions_are_refused_with_the_next_step(tmp_path: Path) -> None:
    i = keras3().Input((4,))
    keras3().Model(i, keras3().layers.Dense(2)(i)).export(tmp_path / "exported", verbose=False)
    with pytest.raises(ModelError, match=r"model\.export writes such folders.*model\.save"):
        load(tmp_path / "exported")


def test_a_normalization_that_was_adapted_keeps_its_numbers() -> None:
    normalize = layers.Normalization()
    normalize.adapt(np.arange(40.0).reshape(10, 4))
    i = keras().Input((4,))
    made = keras().Model(i, normalize(i))
    x = tensorflow().random.normal((3, 4))
    np.testing.assert_allclose(adopt(made).model(x), made(x), rtol=1e-6)
