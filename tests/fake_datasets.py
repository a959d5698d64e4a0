"""Datasets of the recipe that costs nothing, as tests of storing make them, half-write them and look at them."""

import json
import os
from pathlib import Path

import numpy as np
from fake_recipe import FakeRecipe
from literal_reader import read

from simcore import datasets, run
from simcore.datasets import layout as layouts
from simcore.engines import unit as units

COUNT, SEED, VERSION = 100, 7, 3
OPTIONS = {"unit": 16, "chunk": 8}


def quick(monkeypatch):
    """The fake recipe's render version, and a disk that need not be waited for: that shows nothing but its speed."""
    monkeypatch.setattr(units, "render_version", lambda: VERSION)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def generate(path, recipe=None, count=COUNT, seed=SEED, **options):
    return run.generate(recipe or FakeRecipe(), path, count, seed, progress=False, **{**OPTIONS, **options})


def assert_holds(path, count=COUNT, seed=SEED):
    expected = FakeRecipe().render(count, seed=seed)
    _, arrays = read(Path(path))
    assert list(arrays) == list(expected)
    for name, array in arrays.items():
        assert array.dtype == expected[name].dtype
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def half_written(path, units=(0, 1, 3)):
    dataset, layout = datasets.create(FakeRecipe(), path, COUNT, SEED, render_version=VERSION, **OPTIONS)
    for unit in units:
        write(dataset, layout, unit)
    return dataset, layout


def write(dataset, layout, unit):
    indices = np.arange(*layouts.unit_bounds(layout.metadata, unit))
    return datasets.write_unit(dataset.storage, layout, unit, FakeRecipe().render(indices=indices, seed=SEED))


def snapshot(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def all_but_about(folder):
    """Every file of a dataset; of the group's without what is told of its making, which may differ."""
    files = snapshot(folder)
    group = json.loads(files.pop("zarr.json"))
    group["attributes"]["simcore"].pop("about")
    return files, group


def flip_bit(file, place):
    """Change one bit of a file."""
    data = bytearray(file.read_bytes())
    data[place // 8 % len(data)] ^= 1 << place % 8
    file.write_bytes(data)


def edit(path, change):
    document = json.loads((path / "zarr.json").read_bytes())
    change(document["attributes"]["simcore"])
    (path / "zarr.json").write_text(json.dumps(document))


def resum(attributes):
    attributes["metadata_sha256"] = layouts.metadata_sha256(attributes["metadata"])
