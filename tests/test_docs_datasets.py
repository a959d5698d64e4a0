"""docs/datasets.md, run as it stands: its Python blocks one after the other, its commands where they come."""

import contextlib
import io
import os
import re
import shlex
import sys
import types
from pathlib import Path

import dask.array
import h5py
import numpy as np
import pytest
import tifffile
from literal_reader import read

import dtmodels as dm
import simcore as sc
from simcore import cli

PAGE = Path(__file__).parents[1] / "docs" / "datasets.md"
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Viewer:
    """Stands in for napari's, which needs a display: keeps what it is given."""

    def __init__(self):
        self.layers = {}

    def add_image(self, data, name, scale):
        self.layers[name] = (data, scale)

    def add_points(self, data, name, size, scale):
        self.layers[name] = (data, scale)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The folder after the whole page, the names that its Python has, and what its commands printed."""
    folder = tmp_path_factory.mktemp("life")
    names, printed = {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.chdir(folder)
        patch.setitem(sys.modules, "napari", types.SimpleNamespace(Viewer=Viewer))
        for language, text in BLOCK.findall(PAGE.read_text()):
            if language == "python":
                exec(compile(text, str(PAGE), "exec"), names)
            else:
                printed += [(line, *command(line.removeprefix("$ "))) for line in text.splitlines()]
        yield folder, names, printed


def command(line):
    inner = re.search(r"\$\((.*?)\)", line)
    if inner:
        line = line.replace(inner.group(0), command(inner.group(1))[1].strip())
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = cli.run(shlex.split(line)[1:])
    return status, out.getvalue()


def test_every_command_of_the_page_succeeds(lived):
    _, _, printed = lived
    assert len(printed) >= 12
    assert [line for line, status, _ in printed if status] == []


def test_the_datasets_are_what_the_page_says(lived):
    folder, names, _ = lived
    sizes = {path.name: len(read(path)[1]["snr"]) for path in (folder / "data").glob("*.zarr")}
    assert sizes == {"train.zarr": 2000, "validation.zarr": 200, "test.zarr": 200, "more.zarr": 1000}
    more, test = read(folder / "more.zarr")[1], read(folder / "data" / "test.zarr")[1]
    np.testing.assert_array_equal(more["image"], test["image"][:100])
    both = np.concatenate([read(folder / "data" / f"{name}.zarr")[1]["image"] for name in ("train", "more")])
    snr = np.concatenate([read(folder / "data" / f"{name}.zarr")[1]["snr"] for name in ("train", "more")])
    z = np.concatenate([read(folder / "data" / f"{name}.zarr")[1]["z"] for name in ("train", "more")])
    chosen = both[(snr > 20) & (abs(z) < 1)]
    np.testing.assert_array_equal(names["bright"]["image"][:], chosen)
    np.testing.assert_array_equal(dm.open_dataset(folder / "data" / "good.json", inputs="image").numpy()[0], chosen)
    with h5py.File(folder / "bright.h5") as file:
        np.testing.assert_array_equal(file["image"][:], chosen)


def test_napari_is_given_lazy_arrays_in_the_same_coordinates(lived):
    folder, names, _ = lived
    layers = names["viewer"].layers
    image, scale = layers["image"]
    arrays = read(folder / "data" / "train.zarr")[1]
    assert isinstance(image, dask.array.Array) and image.ndim == len(scale) == 3
    np.testing.assert_array_equal(image[1234].compute(), arrays["image"][1234, ..., 0])
    points, _ = layers["position"]
    np.testing.assert_array_equal(points[1234], [1234, *arrays["position"][1234]])


def test_cards_and_exports_lie_where_the_page_says(lived):
    folder, _, _ = lived
    assert (
        "Spheres, 32 x 32" in (folder / "card.html").read_text() and (folder / "card_files" / "examples.png").exists()
    )
    names = {
        "stacks": ["image-000000000.ome.tif", "properties.csv", "dataset.json", "recipe.yaml"],
        "test_npy": ["image.npy"],
        "test_tar": ["examples-000000.tar", "examples-000001.tar"],
        "test_tif": ["image-000000000.tif", "properties.csv"],
    }
    for place, files in names.items():
        assert all((folder / place / file).exists() for file in files)
    with tifffile.TiffFile(folder / "stacks" / "image-000000000.ome.tif") as file:
        assert len(file.series) == 200
    assert sc.load(folder / "stacks" / "recipe.yaml") == sc.load(folder / "recipe.yaml")
