"""Commands for finished datasets: what they do, and one line where something is wrong."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from literal_reader import read

import simcore as sc
from simcore import cli

RECIPE = """
format: simcore-recipe/1
outputs:
  snr:   uniform(2, 60)
  split: where(equal(split, "test"), 1, 0)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(RECIPE)
    for name, seed in (("a", 1), ("b", 2)):
        sc.load("recipe.yaml").generate(f"{name}.zarr", count=40, seed=seed, unit=16, chunk=8, progress=False)


@pytest.fixture
def simcore(capsys):
    def call(*arguments):
        status = cli.run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return call


def test_merge_and_subset_and_what_info_says_of_them(simcore):
    assert simcore("merge", "a.zarr", "b.zarr", "--out", "all.json")[0] == 0
    status, out, _ = simcore(
        "subset", "all.json", "--where", "snr > 30", "--first", "1", "--count", "5", "--out", "s.json"
    )
    assert status == 0 and "s.json: 5 examples" in out
    both = np.concatenate([read(Path(f"{name}.zarr"))[1]["snr"] for name in "ab"])
    np.testing.assert_array_equal(sc.open_dataset("s.json")["snr"][:], both[both > 30][1:6])
    status, out, _ = simcore("info", "all.json")
    facts = dict(line.split(maxsplit=1) for line in out.splitlines()[:5])
    assert (status, facts["examples"], facts["identity"]) == (0, "80", sc.open_dataset("all.json").identity)
    assert out.count("40 of 40 examples of") == 2


def test_splits_are_generated_and_compared(simcore):
    assert simcore("splits", "recipe.yaml", "data", "--train", "2e1", "--test", "10", "--seed", "5", "--quiet") == (
        0,
        "",
        [],
    )
    attributes, arrays = read(Path("data/test.zarr"))
    assert attributes["metadata"]["seed"] == str(5 + 2**127) and attributes["metadata"]["split"] == "test"
    assert arrays["split"].all() and not read(Path("data/train.zarr"))[1]["split"].any()
    assert not Path("data/validation.zarr").exists()
    assert simcore("split-seed", "5", "test")[1].strip() == str(5 + 2**127)
    status, out, _ = simcore("info", "data/train.zarr", "--compare", "data/test.zarr")
    assert status == 0 and "share no example" in out
    status, _, err = simcore("info", "a.zarr", "--compare", "a.zarr")
    assert status == 1 and "share the random numbers of 40 examples" in err[0]


def test_about_stays_outside_the_identity(simcore):
    before, _ = read(Path("a.zarr"))
    assert simcore("about", "a.zarr", "--title", "Ratios", "--licence", "CC BY 4.0", "--citation", "One,\nTwo")[0] == 0
    assert simcore("about", "a.zarr", "--licence", "")[0] == 0
    after, _ = read(Path("a.zarr"))
    for about in (before["about"], after["about"]):
        about.pop("sha256")  # of the rest
    assert after["about"] == before["about"] | {"title": "Ratios", "citation": "One,\nTwo"}
    assert after["identity"] == before["identity"]
    assert "Ratios" in simcore("about", "a.zarr")[1]


def test_cards_and_exports(simcore):
    status, out, _ = simcore("info", "a.zarr", "--html", "card.html", "--markdown", "card.md")
    assert status == 0 and out.split() == ["card.html", "card.md"]
    assert Path("card.html").exists() and Path("card_files/histogram_00.png").exists()
    assert simcore("export-data", "a.zarr", "out", "--format", "numpy", "--arrays", "snr", "--count", "1e1")[0] == 0
    np.testing.assert_array_equal(np.load("out/snr.npy"), read(Path("a.zarr"))[1]["snr"][:10])


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["merge", "a.zarr", "none.zarr", "--out", "all.json"], 1, "none.zarr: no dataset"),
        (["merge", "a.zarr", "--out", "all.zarr"], 1, "must end in .json"),
        (["merge", "a.zarr", "a.zarr", "--out", "all.json"], 1, "share 40 examples"),
        (["merge", "a.zarr", "--out", "no/all.json"], 1, "no such folder"),
        (["merge", "--out", "all.json"], 2, "DATASET"),
        (["subset", "a.zarr", "--out", "s.json"], 2, "--where"),
        (["subset", "a.zarr", "--where", "snr >", "--out", "s.json"], 1, "cannot be read"),
        (["subset", "a.zarr", "--where", "__import__('os')", "--out", "s.json"], 1, "no array"),
        (["subset", "a.zarr", "--first", "40", "--out", "s.json"], 1, "there are 40"),
        (["subset", "a.zarr", "--count", "41", "--out", "s.json"], 1, "there are 40"),
        (["splits", "recipe.yaml", "data", "--train", "0", "--seed", "1"], 1, "train: 0"),
        (["splits", "recipe.yaml", "no/data", "--train", "9", "--seed", "1"], 1, "no/data"),
        (["splits", "recipe.yaml", "data", "--train", "9", "--seed", str(2**127)], 1, "seed"),
        (["split-seed", "1", "dev"], 1, "split: 'dev'"),
        (["about", "none.zarr", "--title", "x"], 1, "no dataset"),
        (["info", "a.zarr", "--html", "card.pdf"], 1, "must end in .html or .md"),
        (["info", "a.zarr", "--html", "no/card.html"], 1, "no/card.html"),
        (["info", "none.json"], 1, "no view there"),
        (["info", "a.zarr", "--compare", "none.zarr"], 1, "no dataset"),
        (["export-data", "a.zarr", "out", "--format", "png"], 1, "format: 'png'"),
        (["export-data", "a.zarr", "out", "--format", "numpy", "--arrays", "image"], 1, "arrays: image"),
        (["export-data", "a.zarr", "a.zarr", "--format", "numpy", "--overwrite"], 1, "is not such an export"),
        (["export-data", "a.zarr", "recipe.yaml", "--format", "hdf5", "--overwrite"], 1, "is not such an export"),
        (["export-data", "a.zarr", "out"], 2, "--format"),
    ],
)
def test_what_is_wrong_is_one_line(simcore, arguments, status, said):
    before = sorted(path.name for path in Path().iterdir())
    got, out, err = simcore(*arguments)
    assert (got, out, len(err)) == (status, "", 1)
    assert said in err[0] and err[0].startswith("simcore: ")
    assert {path.name for path in Path().iterdir()} - {"data"} == set(before)


@pytest.mark.parametrize("key", ["axes", "columns", "units", "kind", "description", "scale_factor", "frame"])
@pytest.mark.parametrize(
    "value", [7, *(pytest.param(v, marks=pytest.mark.thorough) for v in (None, {"a": [1]}, "image"))]
)
def test_attributes_that_make_no_sense_are_no_traceback(simcore, key, value):
    """They lie outside the identity, so anyone may have written them."""
    path = Path("a.zarr/snr/zarr.json")
    document = json.loads(path.read_text())
    document["attributes"][key] = value
    path.write_text(json.dumps(document))
    for arguments in (
        ["info", "a.zarr", "--html", "card.html"],
        ["export-data", "a.zarr", "out", "--format", "tiff", "--overwrite"],
        ["export-data", "a.zarr", "out.h5", "--format", "hdf5", "--overwrite"],
        ["merge", "a.zarr", "b.zarr", "--out", "all.json", "--overwrite"],
    ):
        status, _, err = simcore(*arguments)
        assert (status == 0 and not err) or (status == 1 and len(err) == 1 and err[0].startswith("simcore: "))
        assert "SIMCORE_TRACEBACK" not in "".join(err), err
