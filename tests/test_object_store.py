"""Datasets on a real S3 server: the same as on a disk, whoever dies meanwhile, and few requests."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import numpy as np
import pytest
import s3fs
import xarray
import zarr
from fake_recipe import FakeRecipe
from literal_reader import read
from s3_server import ENVIRONMENT, Gate, moto

import simcore as sc
from simcore import datasets, run
from simcore.datasets.storage import AT_ONCE, open_storage
from simcore.errors import DatasetError, StorageError

ROOT = Path(__file__).parents[1]
COUNT, SEED, OPTIONS = 96, 5, {"unit": 8, "chunk": 4, "progress": False}
TEXT = """
format: simcore-recipe/1
outputs:
  vector: uniform(0, 1, shape=2)
  label:  integers(0, 10)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with moto(tmp_path_factory.mktemp("moto")) as port:
        yield port


@pytest.fixture(scope="module")
def gate(server):
    opened = Gate(server)
    yield opened
    opened.shut()


@pytest.fixture(autouse=True)
def environment(gate, monkeypatch):
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    fs = s3fs.S3FileSystem()
    if not fs.exists("bucket"):
        fs.mkdir("bucket")


@pytest.fixture
def url():
    return f"s3://bucket/{uuid.uuid4().hex}.zarr"


def command(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, text=True, **options
    )


def assert_the_same(url, folder):
    """Every object of the dataset there is that of the one on the disk, but for when and where it was made."""
    fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    there = {key.removeprefix(f"{root}/"): fs.cat_file(key) for key in fs.find(root)}
    here = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert there.keys() == here.keys()
    assert [key for key in here if here[key] != there[key]] in ([], ["zarr.json"])


def undisturbed(folder, count=COUNT):
    run.generate(FakeRecipe(), folder, count, SEED, **OPTIONS)
    return folder


# -- the same as on a disk -----------------------------------------------------------------------------------------


def test_a_store_holds_what_a_disk_holds(url, tmp_path):
    made = run.generate(FakeRecipe(), url, COUNT, SEED, workers=2, **OPTIONS)
    folder = undisturbed(tmp_path / "train.zarr")
    attributes, arrays = read(folder)
    assert made.identity == attributes["identity"]
    assert_the_same(url, folder)
    opened = xarray.open_zarr(url)
    for name, array in arrays.items():
        np.testing.assert_array_equal(zarr.open_array(url, path=name, mode="r")[:], array)
        np.testing.assert_array_equal(opened[name].values, array)
        np.testing.assert_array_equal(made[name][:], array)


@pytest.mark.thorough
def test_worker_processes_write_to_a_store(url, tmp_path):
    recipe = sc.loads(TEXT)
    made = run.generate(recipe, url, COUNT, SEED, workers=2, processes=True, **OPTIONS)
    assert made.identity == run.generate(recipe, tmp_path / "train.zarr", COUNT, SEED, **OPTIONS).identity
    assert_the_same(url, tmp_path / "train.zarr")


# -- few requests --------------------------------------------------------------------------------------------------


def kinds(requests):
    """Requests by what they do: (method, "shard" | "row" | "list" | "document")."""
    found = Counter()
    for (method, path), number in requests.items():
        row = "/shard_checksum/c." in path
        found[method, "list" if "?" in path else "row" if row else "shard" if "/c." in path else "document"] += number
    return found


def test_a_unit_takes_two_requests_for_each_array_and_two_for_its_row(url, gate):
    def made(count):
        gate.requests.clear()
        run.generate(FakeRecipe(), f"{url}{count}", count, SEED, **OPTIONS)
        return kinds(gate.requests)

    few, many, arrays = made(16), made(96), len(FakeRecipe().outputs)
    grown = {kind: number for kind, number in (many - few).items() if number}
    assert grown == {
        ("PUT", "shard"): 10 * arrays,
        ("GET", "shard"): 10 * arrays,
        ("PUT", "row"): 10,
        ("GET", "row"): 10,
    }
    assert sum(few.values()) - few["PUT", "shard"] - few["GET", "shard"] < 20 * arrays


@pytest.mark.thorough
def test_a_folder_of_many_objects_is_listed_by_pages(url, gate):
    storage = open_storage(url)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: storage.put(f"image/c.{number}", b"x" * (number % 7 + 1)), range(1100)))
    gate.requests.clear()
    assert storage.sizes("image") == {f"c.{number}": number % 7 + 1 for number in range(1100)}
    assert sum(gate.requests.values()) == 2


# -- whoever dies meanwhile ----------------------------------------------------------------------------------------

SLOW = """
import sys, time
from fake_recipe import FakeRecipe
from simcore import run
run.generate(FakeRecipe(before=lambda indices: time.sleep(0.05)), sys.argv[1], 96, 5, unit=8, chunk=4, progress=False)
"""


def rows_there(url):
    return len(open_storage(url).sizes("shard_checksum"))


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


@pytest.mark.thorough
def test_a_writer_that_was_killed_goes_on(url, tmp_path):
    with command("-c", SLOW, url) as process:
        wait_for(lambda: rows_there(url) > 3)
        process.send_signal(signal.SIGKILL)
    missing = datasets.open_dataset(url).missing()
    assert 0 < len(missing) < 12
    rendered = []
    run.generate(FakeRecipe(before=rendered.extend), url, COUNT, SEED, progress=False)
    assert len(rendered) == 8 * len(missing)
    assert_the_same(url, undisturbed(tmp_path / "train.zarr"))


@pytest.mark.thorough
def test_two_writers_at_once_do_no_harm(url, tmp_path):
    writers = [command("-c", SLOW, url) for _ in range(2)]
    errors = [process.communicate()[1] for process in writers]
    assert [process.returncode for process in writers] == [0, 0], errors
    assert_the_same(url, undisturbed(tmp_path / "train.zarr"))


@pytest.mark.thorough
def test_of_two_that_begin_at_once_with_other_seeds_one_is_refused(url, tmp_path):
    (tmp_path / "recipe.yaml").write_text(TEXT)
    arguments = ("-m", "simcore.cli", "generate", tmp_path / "recipe.yaml", url, "--count", 96, "--quiet", "--seed")
    writers = [command(*arguments, seed) for seed in (1, 2)]
    errors = [process.communicate()[1] for process in writers]
    assert sorted(process.returncode for process in writers) == [0, 1], errors
    (said,) = [error for error in errors if error]
    assert "holds another dataset (seed" in said
    assert datasets.open_dataset(url).complete


def test_an_object_is_put_only_where_there_is_none(url, gate):
    storage = open_storage(url)
    assert storage.put_new("zarr.json", b"first")
    exists = storage.fs.exists
    storage.fs.exists = lambda path: False  # whoever looked just before the other wrote
    try:
        assert not storage.put_new("zarr.json", b"second")
    finally:
        storage.fs.exists = exists
    assert storage.get("zarr.json") == b"first"


@pytest.mark.thorough
def test_a_server_that_goes_away_is_one_line_and_it_goes_on_later(url, tmp_path, gate):
    (tmp_path / "recipe.yaml").write_text(TEXT)
    arguments = ("-m", "simcore.cli", "generate", tmp_path / "recipe.yaml", url, "--count", 1600, "--seed", 5)
    arguments = (*arguments, "--unit", 8, "--chunk", 4, "--quiet")
    with command(*arguments) as process:
        wait_for(lambda: rows_there(url) > 3)
        gate.shut()
        try:
            said = process.communicate()[1].splitlines()
        finally:
            gate.open()
    assert process.returncode == 1
    assert len(said) == 1
    assert said[0].startswith(f"simcore: {url}: ")
    assert "are safe, generate again to go on" in said[0]
    assert 0 < len(datasets.open_dataset(url).missing()) < 200
    made = run.generate(sc.loads(TEXT), url, 1600, 5, workers=4, progress=False)
    expected = sc.loads(TEXT).render(1600, seed=5)
    np.testing.assert_array_equal(made["vector"][:], expected["vector"])


# -- what is wrong -------------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there():
    with pytest.raises(StorageError, match=r"s3://nowhere/a.zarr: .*bucket does not exist") as caught:
        run.generate(FakeRecipe(), "s3://nowhere/a.zarr", COUNT, SEED, **OPTIONS)
    assert "\n" not in str(caught.value)


def test_something_else_there_is_left_alone(url):
    fs, root = fsspec.core.url_to_fs(url)
    fs.pipe_file(f"{root}/thesis.tex", b"ten years of work")
    with pytest.raises(DatasetError, match="something else lies there"):
        run.generate(FakeRecipe(), url, COUNT, SEED, **OPTIONS)
    assert fs.find(root) == [f"{root}/thesis.tex"]


@pytest.mark.thorough
def test_a_lost_shard_or_row_is_made_again(url, tmp_path):
    run.generate(FakeRecipe(), url, COUNT, SEED, **OPTIONS)
    storage = open_storage(url)
    group = storage.get("zarr.json")
    storage.put("zarr.json", group.replace(b'"complete": true', b'"complete": false'))
    storage.remove("image/c.3.0.0.0")
    row = bytearray(storage.get("shard_checksum/c.5.0.0"))
    row[7] ^= 1
    storage.put("shard_checksum/c.5.0.0", bytes(row))
    assert datasets.open_dataset(url).missing() == [3, 5]
    run.generate(FakeRecipe(), url, COUNT, SEED, progress=False)
    assert_the_same(url, undisturbed(tmp_path / "train.zarr"))
