"""Sealing what the parts of a job array wrote, by nothing but what lies on the disk."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from fake_recipe import FakeRecipe
from literal_reader import read

import simcore as sc
from simcore import cli, datasets, run
from simcore.datasets.finishing import ranges
from simcore.errors import DatasetError, ParameterError

COUNT, SEED = 90, 5
OPTIONS = {"unit": 8, "chunk": 4, "progress": False}  # 12 units


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(params=["local", "memory"])
def path(request, tmp_path):
    return str(tmp_path / "train.zarr") if request.param == "local" else f"memory://{tmp_path.name}/train.zarr"


def render(path, *parts, recipe=None, seed=SEED):
    for part in parts:
        made = run.generate(recipe or FakeRecipe(), path, COUNT, seed, part=part, **OPTIONS)
    return made


def files(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in Path(path).rglob("*") if file.is_file()}


def test_parts_and_finish_make_what_one_run_makes(path, tmp_path):
    whole = run.generate(FakeRecipe(), tmp_path / "whole.zarr", COUNT, SEED, **OPTIONS)
    assert not render(path, "1/3", "2/3").complete
    assert not render(path, "3/3").complete
    made = sc.finish(path)
    assert (made.complete, made.identity) == (True, whole.identity)
    for name, array in FakeRecipe().render(COUNT, seed=SEED).items():
        np.testing.assert_array_equal(made[name][:], array)


def test_the_files_are_those_of_one_run(tmp_path):
    run.generate(FakeRecipe(), tmp_path / "whole.zarr", COUNT, SEED, **OPTIONS)
    render(tmp_path / "parts.zarr", "2/2", "1/2")
    sc.finish(tmp_path / "parts.zarr")
    whole, parts = files(tmp_path / "whole.zarr"), files(tmp_path / "parts.zarr")
    groups = [json.loads(found.pop("zarr.json")) for found in (whole, parts)]
    assert whole == parts
    for group in groups:  # date and host
        del group["attributes"]["simcore"]["about"]
    assert groups[0] == groups[1]


def test_a_part_renders_its_own_units_alone_and_only_those_that_are_missing(path):
    rendered = []
    recipe = FakeRecipe(before=lambda indices: rendered.extend(indices.tolist()))
    render(path, "2/5", recipe=recipe)
    assert sorted(rendered) == [i for u in (1, 6, 11) for i in range(8 * u, min(8 * u + 8, COUNT))]
    datasets.open_dataset(path).storage.remove("shard_checksum/c.6.0.0")
    datasets.open_dataset(path).storage.remove("image/c.1.0.0.0")
    rendered.clear()
    render(path, "2/5", recipe=recipe)
    assert sorted(rendered) == [*range(8, 16), *range(48, 56)]


def test_a_cut_row_is_rendered_again(tmp_path):
    render(tmp_path / "train.zarr", "1/4")
    row = tmp_path / "train.zarr/shard_checksum/c.4.0.0"
    row.write_bytes(row.read_bytes()[:-3])
    rendered = []
    render(tmp_path / "train.zarr", "1/4", recipe=FakeRecipe(before=lambda i: rendered.extend(i.tolist())))
    assert rendered == list(range(32, 40))


def test_more_parts_than_units(path):
    render(path, *(f"{number}/20" for number in range(1, 21)))
    assert sc.finish(path).complete


def test_a_part_of_a_finished_dataset_renders_nothing(path):
    render(path, "1/1")
    sc.finish(path)
    assert render(path, "1/3", recipe=FakeRecipe(before=lambda indices: pytest.fail("rendered"))).complete


def test_a_part_with_other_arguments_is_refused(path):
    render(path, "1/3")
    with pytest.raises(DatasetError, match="seed 5, asked for 6"):
        render(path, "2/3", seed=6)


@pytest.mark.parametrize("other", [{"scheduler": "tcp://127.0.0.1:1"}, {"cluster": "cluster.yaml"}])
def test_a_part_is_rendered_by_whoever_is_asked(path, other):
    with pytest.raises(ParameterError, match=f"part: not together with {next(iter(other))}"):
        run.generate(FakeRecipe(), path, COUNT, SEED, part="1/3", **other)


def test_a_finished_dataset_is_left_as_it_is(tmp_path):
    path = tmp_path / "train.zarr"
    identity = run.generate(FakeRecipe(), path, COUNT, SEED, **OPTIONS).identity
    before = {name: (path / name).stat().st_mtime_ns for name in files(path)}
    assert sc.finish(path).identity == identity
    assert {name: (path / name).stat().st_mtime_ns for name in files(path)} == before


def test_leftovers_are_swept_and_nothing_else(tmp_path):
    path = tmp_path / "train.zarr"
    render(path, "1/1")
    for name in (
        "image/.c.0.0.0.0.0123456789abcdef.partial",
        "image/c.99.0.0.0",
        ".zarr.json.0123456789abcdef.partial",
    ):
        (path / name).write_bytes(b"left")
    (path / "notes.txt").write_text("mine")
    sc.finish(path)
    left = {name for name in files(path) if "partial" in name or "99" in name or "notes" in name}
    assert left == {"notes.txt"}
    read(path)


def test_what_is_missing_is_said_with_what_renders_it(path):
    render(path, "2/5")
    with pytest.raises(DatasetError) as caught:
        sc.finish(path)
    text = str(caught.value)
    assert "9 of 12 units are missing (0, 2-5, 7-10)" in text
    assert f"--count {COUNT} --seed {SEED}" in text
    assert "\n" not in text
    assert not datasets.open_dataset(path).complete


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([3], "3"),
        ([0, 1, 2], "0-2"),
        ([0, 2, 3, 9], "0, 2-3, 9"),
        (range(0, 40, 2), "0, 2, 4, 6, 8, 10, 12, 14, and 12 ranges more"),
    ],
)
def test_units_for_people(units, said):
    assert ranges(units) == said


@pytest.mark.parametrize("change", ["shape", "chunk_grid", "codecs"])
def test_documents_that_do_not_fit_are_refused(tmp_path, change):
    path = tmp_path / "train.zarr"
    render(path, "1/1")
    document = path / "image/zarr.json"
    found = json.loads(document.read_text())
    if change == "shape":
        found["shape"][0] += 8
    elif change == "chunk_grid":
        found["chunk_grid"]["configuration"]["chunk_shape"][0] = 16
    else:
        found["codecs"][0]["configuration"]["codecs"].pop()
    document.write_text(json.dumps(found))
    before = files(path)
    with pytest.raises(DatasetError, match="image"):
        sc.finish(path)
    assert files(path) == before


@pytest.mark.parametrize("lost", ["image/zarr.json", "shard_checksum/zarr.json"])
def test_without_a_document_nothing_is_sealed(tmp_path, lost):
    render(tmp_path / "train.zarr", "1/1")
    (tmp_path / "train.zarr" / lost).unlink()
    with pytest.raises(DatasetError):
        sc.finish(tmp_path / "train.zarr")


def test_code_in_the_recipe_does_not_run(tmp_path):
    @sc.draw
    def flicker(rng, mean):
        return mean * rng.standard_normal()

    run.generate(sc.Recipe(brightness=flicker(2.0)), tmp_path / "train.zarr", COUNT, SEED, part="1/1", **OPTIONS)
    assert "code:" in datasets.open_dataset(tmp_path / "train.zarr").metadata["recipe"]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(sc.reader, "loads", lambda *arguments, **options: pytest.fail("the recipe was read"))
        monkeypatch.setattr(sc, "loads", lambda *arguments, **options: pytest.fail("the recipe was read"))
        assert sc.finish(tmp_path / "train.zarr").complete


@pytest.fixture
def simcore(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text("format: simcore-recipe/1\noutputs:\n  z: uniform(0, 1)\n")

    def call(*arguments):
        status = cli.run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return call


GENERATE = ("generate", "recipe.yaml", "train.zarr", "--count", "40", "--seed", "1", "--unit", "4")


def test_the_command_line(simcore, tmp_path, monkeypatch):
    status, out, _ = simcore(*GENERATE, "--part", "1/2")
    assert status == 0
    last = out.splitlines()[-1]
    assert "part 1 of 2 is stored, not sealed" in last
    assert f"simcore finish {tmp_path / 'train.zarr'}" in last
    status, out, err = simcore("finish", "train.zarr")
    assert (status, out, len(err)) == (1, "", 1)
    assert "5 of 10 units are missing" in err[0]
    for name, value in {"ID": 7, "MIN": 5, "MAX": 7, "STEP": 2, "COUNT": 2}.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", str(value))
    assert simcore(*GENERATE, "--part", "auto", "--quiet") == (0, "", [])
    status, out, _ = simcore("finish", "train.zarr")
    attributes, _ = read(Path("train.zarr"))
    assert (status, out.split()[-1]) == (0, attributes["identity"])
    status, out, _ = simcore("finish", "train.zarr")
    assert status == 0
    assert attributes["identity"] in out
    assert "was complete before" in out


def test_the_command_line_says_in_one_line_what_is_wrong(simcore):
    for arguments, said in [
        ((*GENERATE, "--part", "3/2"), "part: '3/2'"),
        ((*GENERATE, "--part", "auto"), "no task of a job array"),
        ((*GENERATE, "--part", "1/2", "--scheduler", "tcp://127.0.0.1:1"), "not together"),
        (("finish", "absent.zarr"), "no dataset"),
    ]:
        status, out, err = simcore(*arguments)
        assert (status, out, len(err)) == (1, "", 1)
        assert said in err[0]
    assert not Path("train.zarr").exists()
