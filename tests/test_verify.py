"""Verifying: whatever is changed in a dataset is found and named, and nothing is said of one that is whole."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fake_datasets import COUNT, SEED, VERSION, edit, flip_bit, generate, half_written, quick, resum, snapshot
from fake_recipe import FakeRecipe

import simcore as sc
from simcore.datasets import layout as layouts
from simcore.datasets import shards
from simcore.datasets.dataset import open_dataset
from simcore.datasets.documents import signed
from simcore.engines import recipes
from simcore.engines import unit as units
from simcore.engines.recipes import remember
from simcore.errors import DatasetError, ParameterError, UntrustedCodeError
from simcore.keeping import verifying


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick(monkeypatch)
    remember(FakeRecipe())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


def found(path, **options):
    return {fault.key: fault.what for fault in sc.verify(path, **options).faults}


def test_a_whole_dataset_is_good(path):
    made = generate(path)
    before = snapshot(path)
    result = sc.verify(path, fraction=0.2, workers=2)
    assert result.good
    assert (result.identity, result.examples, result.compared, result.notes) == (made.identity, COUNT, 20, ())
    assert snapshot(path) == before


def test_every_bit_that_flips_is_found_and_its_object_named(path):
    generate(path)
    files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    rng = np.random.default_rng(1)
    for file in files:
        for place in rng.integers(0, 8 * file.stat().st_size, 60 if file == path / "zarr.json" else 4):
            good = file.read_bytes()
            flip_bit(file, place)
            assert list(found(path)) == [str(file.relative_to(path))], place
            file.write_bytes(good)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("image/c.3.0.0.0", "missing"),
        ("label/c.0", "missing"),
        ("shard_checksum/c.2.0.0", "missing"),
        ("image/zarr.json", "missing"),
        ("shard_checksum/zarr.json", "missing"),
        ("zarr.json", "no dataset"),
    ],
)
def test_what_is_lost_is_named(path, key, said):
    generate(path)
    (path / key).unlink()
    faults = found(path)
    assert list(faults) == [key]
    assert said in faults[key]


def test_a_shard_of_another_unit_is_named_although_its_own_checksums_fit(path):
    generate(path)
    shutil.copy(path / "image" / "c.1.0.0.0", path / "image" / "c.2.0.0.0")
    assert found(path) == {"image/c.2.0.0.0": "its checksum is not that of its row"}


def test_a_row_and_its_shard_exchanged_together_break_the_identity(path, tmp_path):
    generate(path)
    generate(tmp_path / "other.zarr", seed=8)
    for file in (tmp_path / "other.zarr").rglob("c.2.*"):
        shutil.copy(file, path / file.relative_to(tmp_path / "other.zarr"))
    shutil.copy(tmp_path / "other.zarr/label/c.2", path / "label/c.2")
    assert found(path) == {"zarr.json": "its identity is not that of its commit record"}


def test_examples_that_are_not_what_is_rendered_are_named(path):
    """A dataset that lies in everything: its checksums and its identity fit."""
    generate(path, recipe=_Other())
    remember(FakeRecipe())
    assert sc.verify(path).good
    result = sc.verify(path, fraction=0.5)
    assert result.compared == 50
    assert {fault.array for fault in result.faults} == {"image"}
    assert all("is not what is rendered again" in fault.what for fault in result.faults)
    assert {fault.unit for fault in result.faults} == set(range(7))


class _Other(FakeRecipe):
    def render(self, count=None, **options):
        found = super().render(count, **options)
        found["image"] += 1
        if options.get("out"):
            options["out"]["image"][:] = found["image"]
        return found


class _Rounded(FakeRecipe):
    def render(self, count=None, **options):
        found = super().render(count, **options)
        found["position"] *= np.float32(1 + 2**-20)
        if options.get("out"):
            options["out"]["position"][:] = found["position"]
        return found


@pytest.mark.parametrize("alike", [True, False])
def test_last_bits_may_differ_where_another_machine_made_it(path, alike):
    generate(path, recipe=_Rounded())
    remember(FakeRecipe())
    if not alike:
        edit(path, lambda a: a.update(about=signed({**a["about"], "instruction_level": 1})))
    result = sc.verify(path, fraction=0.1)
    assert result.good is not alike
    assert bool(result.notes) is not alike
    assert alike or "agree within 1e-05 of full scale only" in result.notes[0]


def test_differences_count_in_full_scales():
    image = np.array([1.0, -4.0, np.nan], np.float32)
    assert verifying.differs(image, image.copy()) == 0
    assert verifying.differs(image + np.float32(0.5), image) == pytest.approx(0.125)
    assert verifying.differs(np.array([1.0, np.nan, -4.0], np.float32), image) == np.inf
    assert verifying.differs(np.array([1, 2]), np.array([1, 3])) == np.inf
    assert 0 < verifying.differs(np.array([-0.0]), np.array([0.0])) < 1e-300


def test_which_examples_are_rendered_follows_from_the_identity(path):
    dataset = generate(path)
    first = verifying.chosen(dataset, 0.13)
    np.testing.assert_array_equal(first, verifying.chosen(open_dataset(path), 0.13))
    assert len(first) == 13
    edges = np.arange(14) * COUNT // 13
    assert all(low <= index < high for low, index, high in zip(edges, first, edges[1:], strict=False))
    assert list(verifying.chosen(dataset, 1.0)) == list(range(COUNT))
    assert len(verifying.chosen(dataset, 1e-9)) == 1
    other = generate(path.with_name("other.zarr"), seed=8)
    assert list(verifying.chosen(other, 0.13)) != list(first)


def test_a_document_that_another_zarr_wrote_will_do(path):
    generate(path)
    group = json.loads((path / "zarr.json").read_bytes())
    document = json.loads((path / "image" / "zarr.json").read_bytes())
    for one in (document, group["consolidated_metadata"]["metadata"]["image"]):
        one["something_new"] = []
    (path / "image" / "zarr.json").write_text(json.dumps(document))
    (path / "zarr.json").write_text(json.dumps(group))
    assert sc.verify(path).good


def test_what_should_not_be_there_is_named(path):
    generate(path)
    extra = ["image/c.9.0.0.0", "label/c.7", "image/.c.1.0.0.0.0123456789abcdef.partial"]
    for key in extra:
        (path / key).write_bytes(b"left over")
    (path / "notes.txt").write_text("mine")
    assert found(path) == dict.fromkeys(sorted(extra), "it should not be there")


def test_an_index_that_leads_nowhere_is_named(path):
    generate(path, codec="none")
    key = path / "image" / "c.0.0.0.0"
    data = bytearray(key.read_bytes())
    index = np.frombuffer(bytes(data[-36:-4]), "<u8").copy()
    index[0] = 2**63
    data[-36:] = shards.with_checksum(index.tobytes())
    key.write_bytes(data)
    assert "chunk 0" in found(path)["image/c.0.0.0.0"]


def test_one_that_is_not_sealed_is_not_good_but_nothing_is_bad(path):
    half_written(path)
    result = sc.verify(path, fraction=0.5)
    assert (result.good, result.complete, result.faults) == (False, False, ())
    assert "4 of 7 units are to be made" in result.notes[0]
    assert 0 < result.compared < 50
    flip_bit(path / "image" / "c.3.0.0.0", 77)
    assert list(found(path)) == ["image/c.3.0.0.0"]


def test_a_seal_that_was_taken_off_is_noticed(path):
    generate(path)
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"]["simcore"]["complete"] = None
    (path / "zarr.json").write_text(json.dumps(document))
    result = sc.verify(path)
    assert not result.good


def test_documents_are_compared_with_their_copies_where_the_recipe_cannot_be_read(path):
    generate(path)
    recipes._recipes.clear()  # its text is none that simcore reads
    result = sc.verify(path)
    assert result.good
    assert "compared with each other only" in result.notes[0]
    file = path / "image" / "zarr.json"
    file.write_text(file.read_text().replace('"noise"', '"moise"'))
    assert list(found(path)) == ["image/zarr.json"]


def test_code_runs_only_when_trusted(path):
    @sc.draw
    def flicker(rng, mean):
        return mean + 0 * rng.standard_normal()

    recipe = sc.Recipe(brightness=flicker(sc.uniform(1, 2)))
    generate(path, recipe=recipe)
    recipes._recipes.clear()
    assert sc.verify(path).good
    with pytest.raises(UntrustedCodeError, match="--trust") as caught:
        sc.verify(path, fraction=0.1)
    assert "\n" not in str(caught.value)
    assert sc.verify(path, fraction=0.1, trust=True).compared == 10


def test_another_render_version_cannot_be_compared(path, monkeypatch):
    generate(path)
    monkeypatch.setattr(units, "render_version", lambda: VERSION + 1)
    assert sc.verify(path).good
    with pytest.raises(DatasetError, match="render version 3, but 4 is installed"):
        sc.verify(path, fraction=0.1)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, "half", float("nan")])
def test_impossible_fractions(path, fraction):
    with pytest.raises(ParameterError, match="fraction"):
        sc.verify(path, fraction)


def test_a_group_exchanged_for_that_of_another_seed_is_noticed(path):
    generate(path)
    edit(path, lambda a: (a["metadata"].update(seed=str(SEED + 1)), resum(a)))
    assert set(found(path)) == {"zarr.json", "shard_checksum/zarr.json"}


def test_metadata_that_names_other_arrays_than_the_recipe_makes(path):
    generate(path)
    edit(path, lambda a: (a["metadata"].update(arrays=a["metadata"]["arrays"][::-1]), resum(a)))
    result = sc.verify(path)
    assert not result.good
    assert any("other arrays" in note for note in result.notes)


def test_no_dataset(path):
    with pytest.raises(DatasetError, match="no dataset there"):
        sc.verify(path)
    path.mkdir()
    (path / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {}}))
    with pytest.raises(DatasetError, match="not a dataset"):
        sc.verify(path)


def test_an_object_store(path):
    generate("memory://verify/train.zarr")
    assert sc.verify("memory://verify/train.zarr", fraction=0.1).good
    import fsspec

    fsspec.filesystem("memory").pipe_file("/verify/train.zarr/image/c.1.0.0.0", b"other")
    assert list(found("memory://verify/train.zarr")) == ["image/c.1.0.0.0"]
    assert layouts.unit_count(open_dataset("memory://verify/train.zarr").metadata) == 7
    assert not Path("verify").exists()


def test_a_title_given_later_is_no_fault_and_survives_a_repair(path):
    generate(path)
    sc.set_about(path, title="trapped particles", licence="CC BY 4.0")
    assert sc.verify(path).good
    (path / "image" / "zarr.json").unlink()
    assert sc.repair(path).good
    assert sc.verify(path).good
    assert open_dataset(path).about["title"] == "trapped particles"
