"""Exports, read back by readers that know nothing of simcore, and compared value by value with what lies in the dataset."""

import contextlib
import csv
import io
import json
import os
import tarfile
import tracemalloc
import xml.etree.ElementTree as ET
from pathlib import Path

import h5py
import imageio.v3
import numpy as np
import pytest
import tifffile
import webdataset
from fake_recipe import FakeRecipe
from literal_reader import read
from recipes import every_kind, moving

import simcore as sc
from simcore import datasets, run
from simcore.errors import DatasetError, ParameterError, StorageError
from simcore.exports import FORMATS, tiff

COUNT = 23


@pytest.fixture(autouse=True, scope="module")
def _fast_disk():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A dataset of stills and one of movies, and what the literal reader finds there."""
    folder = tmp_path_factory.mktemp("exports")
    options = {"unit": 8, "chunk": 4, "progress": False}
    every_kind().generate(folder / "stills.zarr", count=COUNT, seed=1, **options)
    moving().generate(folder / "movies.zarr", count=COUNT, seed=2, **options)
    return {name: (folder / f"{name}.zarr", read(folder / f"{name}.zarr")[1]) for name in ("stills", "movies")}


def planes(array):
    """(example, [frame,] y, x, channel) as (example, [frame,] channel, y, x)."""
    return np.moveaxis(array, -1, -3)


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# -- TIFF ----------------------------------------------------------------------------------------------------------


def test_tiff_stacks_hold_every_pixel(stored, tmp_path):
    path, arrays = stored["stills"]
    sc.export(path, tmp_path / "out", "tiff", per_file=10)
    for name, expected in arrays.items():
        if expected.ndim != 4:
            continue
        files = sorted((tmp_path / "out").glob(f"{name}-*.tif"))
        assert [file.name for file in files] == [f"{name}-{first:09d}.tif" for first in (0, 10, 20)]
        found = np.concatenate([tifffile.imread(file).reshape(-1, *expected.shape[1:3]) for file in files])
        if expected.dtype.kind == "c":
            np.testing.assert_array_equal(found[0::2] + 1j * found[1::2], expected[..., 0])
        elif expected.dtype.kind == "b":
            assert found.dtype == np.uint8
            np.testing.assert_array_equal(found, expected[..., 0] * 255)
        else:
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected[..., 0])
    pages = imageio.v3.imread(tmp_path / "out" / "image-000000010.tif", plugin="pillow", index=3)
    np.testing.assert_array_equal(pages, arrays["image"][13, ..., 0])


def test_tiff_knows_axes_and_pixel_size(stored, tmp_path):
    sc.export(stored["stills"][0], tmp_path / "out", "tiff")
    with tifffile.TiffFile(tmp_path / "out" / "image-000000000.tif") as file:
        assert (file.series[0].axes, file.series[0].shape) == ("ICYX", (COUNT, 1, 20, 24))
        assert file.pages[0].resolution == pytest.approx((1e5, 1e5))
        assert file.pages[0].resolutionunit.name == "CENTIMETER"
    with tifffile.TiffFile(tmp_path / "out" / "labels-000000000.tif") as file:
        assert file.pages[0].resolution == pytest.approx((1e5, 1e5))  # in the common frame
    with tifffile.TiffFile(tmp_path / "out" / "small-000000000.tif") as file:
        assert file.pages[0].resolution == (1, 1)  # resized: not known
    sc.export(stored["movies"][0], tmp_path / "movies", "tiff")
    with tifffile.TiffFile(tmp_path / "movies" / "movie-000000000.tif") as file:
        assert (file.series[0].axes, file.series[0].shape) == ("ITCYX", (COUNT, 3, 1, 18, 20))
        np.testing.assert_array_equal(file.series[0].asarray(), planes(stored["movies"][1]["movie"]))


def test_tables_beside_tiff_hold_every_number(stored, tmp_path):
    path, arrays = stored["stills"]
    sc.export(path, tmp_path / "out", "tiff", first=5, count=12)
    rows = table(tmp_path / "out" / "properties.csv")
    assert [int(row["example"]) for row in rows] == list(range(5, 17))
    for row in rows:
        example = int(row["example"])
        assert [np.float32(row["pair_0"]), np.float32(row["pair_1"])] == arrays["pair"][example].tolist()
        assert int(row["number"]) == arrays["number"][example]
        assert row["flag"] == str(arrays["flag"][example])
        assert int(row["position_count"]) == arrays["position_count"][example]
    rows = table(tmp_path / "out" / "position.csv")
    assert list(rows[0]) == ["example", "particle", "position_z", "position_y", "position_x"]
    found = np.array([[np.float32(row[f"position_{axis}"]) for axis in "zyx"] for row in rows])
    positions = arrays["position"][5:17].reshape(-1, 3)
    np.testing.assert_array_equal(found, positions[np.isfinite(positions).all(axis=1)])
    assert list(table(tmp_path / "out" / "radius.csv")[0]) == [
        "example",
        "particle",
        "radius_radius",
        "radius_refractive_index",
    ]
    sc.export(stored["movies"][0], tmp_path / "movies", "tiff")
    tracks = table(tmp_path / "movies" / "track.csv")
    assert list(tracks[0]) == ["example", "frame", "particle", "track_id", "track_y", "track_x"]
    for row in tracks:
        where = tuple(int(row[axis]) for axis in ("example", "frame", "particle"))
        assert np.float32(row["track_x"]) == stored["movies"][1]["track"][where][2]
    assert len(table(tmp_path / "movies" / "drift.csv")) == 3 * COUNT


# -- OME-TIFF ------------------------------------------------------------------------------------------------------

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


def test_ome_tiff_says_what_it_holds(stored, tmp_path):
    path, arrays = stored["movies"]
    sc.export(path, tmp_path / "out", "ome-tiff", first=3, count=9, per_file=5)
    files = sorted((tmp_path / "out").glob("movie-*.ome.tif"))
    assert [file.name for file in files] == ["movie-000000003.ome.tif", "movie-000000008.ome.tif"]
    with tifffile.TiffFile(files[1]) as file:
        assert file.is_ome and len(file.series) == 4
        for place, series in enumerate(file.series):
            assert (series.name, series.shape) == (f"movie {8 + place}", (3, 18, 20))
            assert series.axes == "TYX"  # axes of length 1 are left out
            np.testing.assert_array_equal(series.asarray(), arrays["movie"][8 + place, ..., 0])
        images = ET.fromstring(file.ome_metadata).findall(f"{OME}Image")
        assert len(images) == 4
        pixels = images[0].find(f"{OME}Pixels").attrib
        assert (float(pixels["PhysicalSizeX"]), pixels["PhysicalSizeXUnit"]) == (0.1, "µm")
        assert (float(pixels["TimeIncrement"]), pixels["TimeIncrementUnit"]) == (0.5, "s")
        assert (pixels["Type"], pixels["SizeT"], pixels["SizeC"]) == ("float", "3", "1")
        assert images[0].find(f"{OME}Pixels/{OME}Channel").attrib["Name"] == "movie"
        assert images[0].find(f"{OME}Description").text == "scene >> Fluorescence >> Movie"


def test_ome_tiff_of_fields_and_masks(stored, tmp_path):
    path, arrays = stored["stills"]
    sc.export(path, tmp_path / "out", "ome-tiff", arrays=["field", "inside"])
    with tifffile.TiffFile(tmp_path / "out" / "field-000000000.ome.tif") as file:
        assert file.series[7].axes == "CYX"
        real, imaginary = file.series[7].asarray()
        np.testing.assert_array_equal(real + 1j * imaginary, arrays["field"][7, ..., 0])
        channels = ET.fromstring(file.ome_metadata).findall(f".//{OME}Channel")
        assert [channel.attrib["Name"] for channel in channels[:2]] == ["field real", "field imaginary"]
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "out" / "inside-000000000.ome.tif", series=4), arrays["inside"][4, ..., 0] * 255
    )


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "float16", "float64", "int64", "complex64", "complex128"])
def test_planes_keep_every_value(dtype):
    values = (np.arange(2 * 3 * 4 * 2).reshape(2, 3, 4, 2) % 7 - 3 * (dtype not in ("bool", "uint8"))).astype(dtype)
    if "complex" in dtype:
        values = values * np.array(1 - 2j, dtype)
    found = tiff.as_planes(values)
    assert found.dtype == tiff.plane_dtype(np.dtype(dtype))
    for y, x, c in np.ndindex(3, 4, 2):
        pixel = values[0, y, x, c]
        if "complex" in dtype:
            assert found[0, 2 * c, y, x] == pixel.real and found[0, 2 * c + 1, y, x] == pixel.imag
        else:
            assert found[0, c, y, x] == pixel * (255 if dtype == "bool" else 1)


# -- HDF5, NumPy, WebDataset ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stills", "movies"])
def test_hdf5_holds_every_value_and_its_meaning(stored, tmp_path, name):
    path, arrays = stored[name]
    sc.export(path, tmp_path / "out.h5", "hdf5", first=2)
    with h5py.File(tmp_path / "out.h5") as file:
        np.testing.assert_array_equal(file["example"], np.arange(2, COUNT))
        for array, expected in arrays.items():
            assert file[array].dtype == expected.dtype
            np.testing.assert_array_equal(file[array][:], expected[2:])
            assert file[array].dims[0].keys() == ["example"] and file[array].dims[0].label == "example"
            assert {"units", "kind", "description"} <= set(file[array].attrs)
        assert file.attrs["identity"] == json.loads(file.attrs["simcore"])["identity"]
        if name == "stills":
            assert file["position"].attrs["units"] == "um, px, px"
            assert json.loads(file["position"].attrs["axes"]) == ["z", "y", "x"]
            assert [label.decode() for label in file["position"].dims[2]["position_axis"][:]] == ["z", "y", "x"]
            assert sc.loads(file.attrs["recipe"][0]) == every_kind()
        else:
            assert [dim.label for dim in file["track"].dims] == ["example", "frame", "track_particle", "track_axis"]


def test_numpy_files_are_mapped(stored, tmp_path):
    path, arrays = stored["stills"]
    sc.export(path, tmp_path / "out", "numpy", first=1, count=20)
    assert {file.stem for file in (tmp_path / "out").glob("*.npy")} == set(arrays)
    for name, expected in arrays.items():
        found = np.load(tmp_path / "out" / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        assert isinstance(found, np.memmap) and found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected[1:21])


def test_webdataset_tars(stored, tmp_path):
    path, arrays = stored["stills"]
    sc.export(path, tmp_path / "out", "webdataset", per_file=10, first=2)
    shards = sorted((tmp_path / "out").glob("*.tar"))
    assert [shard.name for shard in shards] == [f"examples-{k:06d}.tar" for k in range(3)]
    seen = 0
    for shard in shards:
        with tarfile.open(shard) as tar:
            assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar} == {(0, 0, 0, "", 0o644)}
            for member in tar:
                key, _, rest = member.name.partition(".")
                data = tar.extractfile(member).read()
                if rest == "json":
                    assert json.loads(data)["number"] == arrays["number"][int(key)]
                    assert json.loads(data)["flag"] is bool(arrays["flag"][int(key)])
                    seen += 1
                else:
                    array = np.load(io.BytesIO(data))
                    np.testing.assert_array_equal(array, arrays[rest.removesuffix(".npy")][int(key)])
    assert seen == COUNT - 2


def test_the_webdataset_package_reads_them(stored, tmp_path):
    path, arrays = stored["movies"]
    sc.export(path, tmp_path / "out", "webdataset")
    (shard,) = (tmp_path / "out").glob("*.tar")
    examples = list(webdataset.WebDataset(str(shard), shardshuffle=False).decode())
    assert len(examples) == COUNT
    for place, example in enumerate(examples):
        np.testing.assert_array_equal(example["movie.npy"], arrays["movie"][place])
        assert example["json"]["track_count"] == arrays["track_count"][place]


@pytest.mark.parametrize("format", ["tiff", "numpy", "webdataset"])
def test_the_same_examples_give_the_same_bytes(stored, tmp_path, format):
    for out in ("one", "other"):
        sc.export(stored["stills"][0], tmp_path / out, format, count=7)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "other").iterdir())
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


# -- all formats ---------------------------------------------------------------------------------------------------


def test_views_are_exported(stored, tmp_path):
    path, arrays = stored["stills"]
    view = sc.subset(path, "number > 500000000000")
    sc.export(view, tmp_path / "out", "numpy", arrays=["image", "position"])
    rows = arrays["number"] > 500000000000
    assert 0 < rows.sum() < COUNT
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "image.npy"), arrays["image"][rows])
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "position_count.npy"), arrays["position_count"][rows])
    assert not (tmp_path / "out" / "field.npy").exists()


def test_where_it_came_from_lies_beside_it(stored, tmp_path):
    path, _ = stored["stills"]
    sc.export(path, tmp_path / "out", "tiff", count=2)
    told = json.loads((tmp_path / "out" / "dataset.json").read_text())
    attributes, _ = read(path)
    assert told["datasets"][0]["identity"] == attributes["identity"]
    assert told["datasets"][0]["seed"] == "1"
    assert told["arrays"]["position"]["axes"] == ["z", "y", "x"]
    assert sc.load(tmp_path / "out" / "recipe.yaml") == every_kind()


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_that_fails_leaves_nothing(stored, tmp_path, monkeypatch, format):
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        return original(*arguments)

    original = datasets.views.Member.read
    monkeypatch.setattr(datasets.views.Member, "read", fail)
    with pytest.raises(StorageError, match="No space left on device; nothing was exported"):
        sc.export(stored["stills"][0], tmp_path / "out", format)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_only_an_older_export_is_replaced_and_only_when_asked(stored, tmp_path, format):
    path, out = stored["stills"][0], tmp_path / "out"
    sc.export(path, out, format, count=3)
    with pytest.raises(DatasetError, match="something lies there already"):
        sc.export(path, out, format, count=5)
    sc.export(path, out, format, count=5, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    if format == "numpy":
        assert len(np.load(out / "image.npy")) == 5
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("mine")
    for target in (mine, path, tmp_path / "out" / "none" / "deeper"):
        with pytest.raises(DatasetError):
            sc.export(path, target, format, overwrite=True)
    with contextlib.suppress(OSError):
        (tmp_path / "link").symlink_to(mine)
        with pytest.raises(DatasetError):
            sc.export(path, tmp_path / "link", format, overwrite=True)
    assert (mine / "thesis.tex").read_text() == "mine" and len(sc.open_dataset(path)) == COUNT


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "png"}, "format: 'png'"),
        ({"arrays": ["images"]}, "arrays: images; must be some of image"),
        ({"arrays": []}, "arrays: none"),
        ({"first": COUNT}, "first: 23"),
        ({"first": 20, "count": 4}, "count: 4"),
        ({"count": 0}, "count: 0"),
        ({"per_file": 0}, "per_file: 0"),
        ({"out": "s3://bucket/out"}, "local paths"),
    ],
)
def test_what_cannot_be_exported_is_said(stored, tmp_path, options, said):
    with pytest.raises(ParameterError, match=said):
        sc.export(stored["stills"][0], **{"out": tmp_path / "out", "format": "numpy", **options})
    assert list(tmp_path.iterdir()) == []


def test_an_unsealed_dataset_is_refused(tmp_path):
    datasets.create(FakeRecipe(), tmp_path / "half.zarr", 20, 1, render_version=1)
    with pytest.raises(DatasetError, match="not complete"):
        sc.export(tmp_path / "half.zarr", tmp_path / "out", "numpy")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", [f if f == "tiff" else pytest.param(f, marks=pytest.mark.thorough) for f in FORMATS])
def test_memory_does_not_grow_with_the_dataset(tmp_path, monkeypatch, format):
    """Ten times the examples, the same peak, far below the size of the array."""
    monkeypatch.setattr("simcore.datasets.views.View.chunks.__defaults__", (None, 1 << 18))
    peaks = []
    for count in (200, 2000):
        run.generate(FakeRecipe(32, 32), tmp_path / f"{count}.zarr", count, 1, progress=False, unit=100, chunk=20)
        tracemalloc.start()
        sc.export(tmp_path / f"{count}.zarr", tmp_path / f"{format}{count}", format, arrays=["image"], per_file=100)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 200_000
    assert peaks[1] < 2000 * 32 * 32 * 4 / 2


def test_code_in_a_recipe_is_not_run_for_the_pixel_size(tmp_path):
    from simcore.exports.physical import Physical, physical

    @sc.draw
    def shade(rng, mean):
        return mean * rng.random()

    camera = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(8, 8))
    bright = sc.MieSphere(x=4, y=4, radius=0.2, refractive_index=1.5) >> camera
    assert physical(sc.Recipe(image=bright).canonical, "image", ("y", "x")) == Physical(0.1)
    assert physical(sc.Recipe(image=bright, shade=shade(1.0)).canonical, "image", ("y", "x")) == Physical()
    wide = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=sc.uniform(0.1, 0.2), shape=(8, 8))
    varying = sc.Recipe(image=sc.MieSphere(x=4, y=4, radius=0.2, refractive_index=1.5) >> wide)
    assert physical(varying.canonical, "image", ("y", "x")) == Physical()
    assert Path(tmp_path).exists()
