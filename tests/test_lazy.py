"""Datasets opened lazily: by xarray alone, and by simcore with labels; every name, unit and value of every kind."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray
from literal_reader import read
from recipes import every_kind, moving

import simcore as sc


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lazy")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        every_kind().generate(folder / "stills.zarr", count=30, seed=1, unit=8, chunk=4, progress=False)
        moving().generate(folder / "movies.zarr", count=12, seed=2, progress=False)
    return {name: (folder / f"{name}.zarr", read(folder / f"{name}.zarr")[1]) for name in ("stills", "movies")}


DIMENSIONS = {
    "image": ("example", "y", "x", "image_channel"),
    "field": ("example", "y", "x", "field_channel"),
    "small": ("example", "small_y", "small_x", "small_channel"),
    "coarse": ("example", "y", "x", "coarse_channel"),
    "inside": ("example", "y", "x", "inside_channel"),
    "labels": ("example", "y", "x", "labels_channel"),
    "position": ("example", "position_particle", "position_axis"),
    "radius": ("example", "radius_particle", "radius_column"),
    "pair": ("example", "pair_0"),
    "flag": ("example",),
    "movie": ("example", "frame", "y", "x", "movie_channel"),
    "track": ("example", "frame", "track_particle", "track_axis"),
    "drift": ("example", "frame"),
}
UNITS = {"position": "um, px, px", "track": "1, px, px", "image": "1", "drift": "1"}


@pytest.mark.parametrize("name", ["stills", "movies"])
@pytest.mark.parametrize("how", ["xarray", "simcore"])
def test_names_units_and_values_of_every_kind(stored, name, how):
    path, arrays = stored[name]
    opened = xarray.open_zarr(path) if how == "xarray" else sc.open_dataset(path).xarray()
    assert set(arrays) <= set(opened.data_vars)
    for array, expected in arrays.items():
        found = opened[array]
        assert found.dims == DIMENSIONS.get(array, ("example",))
        assert found.attrs["units"] == UNITS.get(array, "1")
        assert {"kind", "description"} <= set(found.attrs)
        assert found.chunks is not None  # lazy
        if array == "coarse":
            np.testing.assert_allclose(found.values, expected * 0.001, rtol=1e-6)
        else:
            np.testing.assert_array_equal(found.values, expected)


def test_axes_and_columns_are_labels(stored):
    stills = sc.open_dataset(stored["stills"][0]).xarray()
    _, arrays = stored["stills"]
    np.testing.assert_array_equal(stills["position"].sel(position_axis="y").values, arrays["position"][..., 1])
    np.testing.assert_array_equal(stills["radius"].sel(radius_column="radius").values, arrays["radius"][..., 0])
    track = sc.open_dataset(stored["movies"][0]).xarray()["track"]
    np.testing.assert_array_equal(track.sel(track_axis="x", example=7).values, stored["movies"][1]["track"][7, ..., 2])
    assert xarray.open_zarr(stored["stills"][0])["position"].attrs["axes"] == ["z", "y", "x"]


def test_a_view_with_labels(stored):
    path, arrays = stored["stills"]
    opened = sc.subset(path, [3, 17, 29]).xarray()
    np.testing.assert_array_equal(opened["image"].mean("image_channel").values, arrays["image"][[3, 17, 29], ..., 0])


def test_reading_costs_no_import_until_asked_for():
    code = "import sys, simcore; assert 'zarr' not in sys.modules and 'dask' not in sys.modules; simcore.merge; simcore.export"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'merg'"):
        sc.merg  # noqa: B018
    assert {"merge", "export", "MieSphere"} <= set(dir(sc))
