"""Datasets whose documents were tampered with, links in place of files: one line, and nothing outside is read or touched."""

import contextlib
import copy
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

import simcore as sc
from simcore import cli
from simcore.datasets.layout import metadata_sha256

RECIPE = """
format: simcore-recipe/1
outputs:
  vector: uniform(0, 1, shape=2)
  number: integers(0, 10)
"""
COMMANDS = (
    ("info", "train.zarr"),
    ("verify", "train.zarr", "--quiet"),
    ("verify", "train.zarr", "--quiet", "--fraction", "0.2"),
    ("generate", "recipe.yaml", "train.zarr", "--count", "20", "--seed", "1", "--quiet"),
    ("extend", "train.zarr", "--count", "30", "--quiet"),
    ("repair", "train.zarr", "--quiet"),
    ("repair", "train.zarr", "--quiet", "--recipe", "recipe.yaml", "--seed", "1", "--count", "20", "--unit", "8"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a dataset, and beside it what must not be touched."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "whole.zarr").parent.mkdir(exist_ok=True)
    sc.loads(RECIPE).generate(folder / "whole.zarr", 20, 1, unit=8, chunk=4, progress=False)
    shutil.copytree(folder / "whole.zarr", folder / "outside.zarr")
    (folder / "secret.txt").write_text("a secret that must not be told")
    return folder


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.chdir(folder)


def contents(*excluded):
    files = (path for path in sorted(Path().rglob("*")) if path.is_file() and path.parts[0] not in excluded)
    return {str(path): path.read_bytes() for path in files}


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.run(list(arguments))
    said, lines = out.getvalue(), err.getvalue().splitlines()
    found_bad = arguments[0] in ("verify", "repair") and status == 1 and said
    assert status in (0, 1, 2)
    assert len(lines) == (status > 0 and not found_bad), (arguments, lines)
    assert "SIMCORE_TRACEBACK" not in err.getvalue(), (arguments, lines)
    assert "a secret" not in said + err.getvalue()
    return status


def run_all():
    """Every command that reads datasets; what lies beside the dataset stays as it is."""
    before = contents("train.zarr")
    for command in COMMANDS:
        run(*command)
    assert contents("train.zarr") == before


def fresh():
    place = Path("train.zarr")
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    shutil.copytree("whole.zarr", "train.zarr")


HOSTILE = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        7,
        2**31,
        2**62,
        2**63,
        2**64,
        10**30,
        -(10**30),
        1.5,
        float("inf"),
        float("nan"),
        1e300,
    ),
    *(
        "",
        "x",
        "../x",
        "../outside.zarr",
        "/etc/passwd",
        "/",
        "..",
        ".",
        "a/b",
        "a\\b",
        "\0",
        "é",
        "\ud800",
        "shard_checksum",
    ),
    *("__class__", "x" * 5000, [], [[]], {}, [None], ["../x"], {"a": 1}, [1] * 50, [2**62, 2], {"name": "../x"}),
    *("simcore-dataset/2", "float64", "object", "sharding_indexed", "gzip", "default", "crc32c"),
]


def places(value, path=()):
    """Every place in a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def mutate(document, path, how, value):
    *way, last = path
    owner = document
    for key in way:
        owner = owner[key]
    if how == "drop":
        del owner[last]
    elif how == "rename" and isinstance(owner, dict):
        owner[str(value)[:20]] = owner.pop(last)
    else:
        owner[last] = value


def forge():
    """Make the checksums of the metadata fit again, as whoever tampers would."""
    group, record = Path("train.zarr/zarr.json"), Path("train.zarr/shard_checksum/zarr.json")
    try:
        document, kept = json.loads(group.read_text()), json.loads(record.read_text())
        attributes = document["attributes"]["simcore"]
        attributes["metadata_sha256"] = kept["attributes"]["metadata_sha256"] = metadata_sha256(attributes["metadata"])
        group.write_text(json.dumps(document))
        record.write_text(json.dumps(kept))
    except (KeyError, TypeError, ValueError):
        pass


@given(st.data())
@drawn(12)
def test_documents_that_were_tampered_with(data):
    fresh()
    for _ in range(data.draw(st.integers(1, 2))):
        file = (
            Path("train.zarr")
            / data.draw(st.sampled_from(["", "", "vector", "number", "shard_checksum"]))
            / "zarr.json"
        )
        document = json.loads(file.read_text())
        changed = copy.deepcopy(document)
        path = data.draw(st.sampled_from([place for place in places(document) if place]))
        mutate(
            changed,
            path,
            data.draw(st.sampled_from(["set", "set", "drop", "rename"])),
            data.draw(st.sampled_from(HOSTILE)),
        )
        file.write_bytes(json.dumps(changed).encode("utf-8", "surrogatepass"))
    if data.draw(st.booleans()):
        forge()
    run_all()


@given(st.sampled_from(["first", "count", "unit", "chunk", "arrays", "codec", "seed", "split", "recipe", "render_version"]),
       st.sampled_from(HOSTILE))  # fmt: skip
@drawn(12)
def test_metadata_whose_checksums_were_forged(field, value):
    fresh()
    file = Path("train.zarr/zarr.json")
    document = json.loads(file.read_text())
    document["attributes"]["simcore"]["metadata"][field] = value
    file.write_text(json.dumps(document))
    forge()
    run_all()


@pytest.mark.parametrize("value", [True, 7, "x", [1], None])
def test_attributes_that_are_no_mapping(value):
    fresh()
    file = Path("train.zarr/vector/zarr.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"attributes": value}))
    assert run("info", "train.zarr") == 0
    assert run("info", "train.zarr", "--html", "train.zarr/card.html") == 0
    run_all()


@pytest.mark.parametrize(
    "harm", [b"", b"\xff\xfe", b"[" * 100_000, b"null", b"3", b'{"a": ' + b"9" * 5000 + b"}", b'"\\ud800"']
)
@pytest.mark.parametrize("key", ["zarr.json", "vector/zarr.json", "shard_checksum/zarr.json"])
def test_documents_that_are_none(key, harm):
    fresh()
    (Path("train.zarr") / key).write_bytes(harm)
    run_all()


LINKS = ["zarr.json", "vector", "vector/zarr.json", "vector/c.1.0", "shard_checksum", "shard_checksum/c.1.0.0"]


@pytest.mark.parametrize("key", LINKS)
@pytest.mark.parametrize("target", ["outside", "secret", "/etc", "/dev/zero", "nowhere", "itself"])
def test_links_lead_nowhere(folder, key, target):
    fresh()
    place = Path("train.zarr") / key
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    named = {"outside": folder / "outside.zarr" / key, "secret": folder / "secret.txt", "itself": place.absolute()}
    place.symlink_to(named.get(target, target))
    run_all()
    assert place.is_symlink()
    assert run("verify", "train.zarr", "--quiet") == 1


@pytest.mark.parametrize("key", ["zarr.json", "vector/zarr.json", "vector/c.1.0", "shard_checksum/c.1.0.0"])
def test_folders_in_place_of_files(key):
    fresh()
    place = Path("train.zarr") / key
    place.unlink()
    place.mkdir()
    (place / "mine.txt").write_text("mine")
    run_all()
    assert (place / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("key", ["vector", "shard_checksum", ""])
def test_files_in_place_of_folders(key):
    fresh()
    place = Path("train.zarr") / key
    shutil.rmtree(place)
    place.write_text("mine")
    run_all()
    assert place.read_text() == "mine"


def test_code_in_the_recipe_of_a_dataset_is_not_run(folder):
    fresh()
    file = Path("train.zarr/zarr.json")
    document = json.loads(file.read_text())
    code = "@sc.draw\ndef bad(rng):\n    return open('executed', 'w') and 1.0\n"
    body = "\n".join(f"    {line}" for line in code.splitlines())
    text = f"format: simcore-recipe/1\ncode:\n  bad: |\n{body}\noutputs:\n  vector: bad()\n  number: 1\n"
    metadata = document["attributes"]["simcore"]["metadata"]
    import hashlib

    metadata.update(recipe=text, recipe_sha256=hashlib.sha256(text.encode()).hexdigest())
    file.write_text(json.dumps(document))
    forge()
    run_all()
    assert not Path("executed").exists()
    assert run("verify", "train.zarr", "--quiet", "--fraction", "1") == 1
