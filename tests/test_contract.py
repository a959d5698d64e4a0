"""The two packages meet on disk alone: what simcore writes, dtmodels reads, value by value."""

import subprocess
import sys

import numpy as np
import pytest
from recipes import localization

import dtmodels as dm
import simcore as sc


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    recipe = localization(shape=(21, 23), wavelengths=2, pair=sc.uniform(0, 1, shape=2), flag=sc.integers(0, 2) > 0)
    path = tmp_path_factory.mktemp("contract") / "data.zarr"
    recipe.generate(path, count=150, seed=9, unit=64, chunk=16, progress=False)
    return recipe, path


def test_every_value_arrives(stored):
    recipe, path = stored
    rendered = recipe.render(150, seed=9)
    for target in ("position", "snr", "pair"):
        data = dm.open_dataset(path, inputs="image", targets=target)
        assert data.input_shape == (21, 23, 1) and len(data) == 150
        images, targets = data.numpy()
        assert images.tobytes() == rendered["image"].tobytes()
        np.testing.assert_array_equal(targets.reshape(rendered[target].shape), rendered[target])
    properties = data.properties(["z", "flag"])
    np.testing.assert_array_equal(properties["z"], rendered["z"])
    np.testing.assert_array_equal(properties["flag"], rendered["flag"])


def test_the_scale_of_stored_images_is_undone(tmp_path):
    recipe = localization(shape=(9, 9), wavelengths=1)
    image = recipe.targets["image"]
    both = sc.Recipe(image=image, coarse=sc.stored(image, dtype="uint16", scale=1000), snr=recipe.targets["snr"])
    both.generate(tmp_path / "data.zarr", count=20, seed=1, progress=False)
    coarse, _ = dm.open_dataset(tmp_path / "data.zarr", inputs="coarse", targets="snr").numpy()
    assert coarse.dtype == np.float32
    np.testing.assert_allclose(coarse, both.render(20, seed=1)["image"], rtol=0, atol=0.5001e-3)


def test_the_identity_is_the_same_on_both_sides(stored):
    from simcore.datasets import open_dataset

    _, path = stored
    assert dm.open_dataset(path, inputs="image", targets="snr").identity["identity"] == open_dataset(path).identity


def test_an_unsealed_dataset_is_refused_by_both(stored, tmp_path):
    import json
    import shutil

    _, path = stored
    copy = tmp_path / "half.zarr"
    shutil.copytree(path, copy)
    group = json.loads((copy / "zarr.json").read_text())
    group["attributes"]["simcore"]["complete"] = False
    group["attributes"]["simcore"].pop("identity")
    (copy / "zarr.json").write_text(json.dumps(group))
    with pytest.raises(dm.DtmodelsError, match="complete|sealed|allow_partial"):
        dm.open_dataset(copy, inputs="image", targets="snr")
    assert len(dm.open_dataset(copy, inputs="image", targets="snr", allow_partial=True)) == 150


@pytest.mark.parametrize(("one", "other"), [("simcore", "dtmodels"), ("dtmodels", "simcore")])
def test_neither_needs_the_other(one, other):
    code = (
        f"import sys; sys.modules['{other}'] = None; import {one}; "
        f"from {one} import cli; assert not [m for m in sys.modules if m.startswith('{other}.')]; "
        + ("assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules" if one == "simcore" else "")
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_views_that_simcore_keeps_are_read(stored, tmp_path):
    recipe, path = stored
    recipe.generate(tmp_path / "more.zarr", count=30, seed=10, progress=False)
    sc.subset(sc.merge([path, tmp_path / "more.zarr"]), "snr > 20", tmp_path / "bright.json")
    data = dm.open_dataset(tmp_path / "bright.json", inputs="image", targets="position")
    view = sc.open_dataset(tmp_path / "bright.json")
    assert data.identity["identity"] == view.identity
    images, positions = data.numpy()
    every = [
        np.concatenate([recipe.render(150, seed=9)[n], recipe.render(30, seed=10)[n]])
        for n in ("image", "snr", "position")
    ]
    np.testing.assert_array_equal(images, every[0][every[1] > 20])
    np.testing.assert_array_equal(positions, every[2][every[1] > 20])
