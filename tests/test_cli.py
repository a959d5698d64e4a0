"""The command line: what it prints, what it leaves, and one line where something is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from literal_reader import read

import simcore as sc
from simcore import bench as benching
from simcore import cli
from simcore.cli.app import whole_number

ROOT = Path(__file__).parents[1]
TEXT = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(4, 12), y=uniform(4, 12), z=normal(0, 1.0), radius=uniform(0.5, 1.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.2, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(16, 18))
outputs:
  image:      particle >> microscope
  position:   positions(particle)
  z:          particle.z
"""
# Without an image nothing is to be rendered.
CHEAP = TEXT.replace("image:      particle >> microscope", "radius: particle.radius").replace(
    "position:   positions(particle)", "vector: uniform(0, 1, shape=2)"
)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(TEXT)
    Path("cheap.yaml").write_text(CHEAP)


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def simcore(capsys):
    """Run the command line; give its status, what it printed, and its errors as lines."""

    def call(*arguments):
        status = cli.run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return call


def command(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "simcore.cli", *map(str, arguments)], env=environment, stderr=subprocess.PIPE, **options
    )


# -- what it does --------------------------------------------------------------------------------------------------


def test_generate_stores_what_render_gives(simcore):
    status, out, _ = simcore("generate", "recipe.yaml", "train.zarr", "--count", "2e1", "--seed", "1", "--workers", "2")
    assert status == 0
    attributes, arrays = read(Path("train.zarr"))
    assert attributes["identity"] in out
    for name, array in sc.load("recipe.yaml").render(20, seed=1).items():
        np.testing.assert_array_equal(arrays[name], array)


def test_generate_goes_on(simcore):
    arguments = ["generate", "cheap.yaml", "train.zarr", "--count", "40", "--seed", "1", "--unit", "8", "--chunk", "4"]
    assert simcore(*arguments, "--quiet") == (0, "", [])
    Path("train.zarr/shard_checksum/c.2.0.0").unlink()
    group = Path("train.zarr/zarr.json")
    group.write_text(group.read_text().replace('"complete": true', '"complete": false'))
    status, _, err = simcore(*arguments)
    assert status == 0
    assert err[0].endswith(" going on after 32 of 40 examples")
    read(Path("train.zarr"))


def test_info_says_what_a_dataset_holds(simcore):
    simcore("generate", "cheap.yaml", "train.zarr", "--count", "20", "--seed", "12", "--quiet")
    status, out, _ = simcore("info", "train.zarr")
    attributes, arrays = read(Path("train.zarr"))
    assert status == 0
    assert attributes["identity"] in out
    assert attributes["metadata"]["recipe_sha256"] in out
    facts = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (facts["state"], facts["examples"], facts["seed"]) == ("complete", "20", "12")
    assert all(name in facts for name in arrays)


def test_export_rebuilds_the_recipe(simcore):
    status, out, _ = simcore("export", "recipe.yaml")
    assert status == 0
    scope: dict = {}
    exec(out, scope)
    assert sc.load("recipe.yaml") in [value for value in scope.values() if isinstance(value, sc.Recipe)]


def test_preview_draws_the_examples_and_their_points(simcore):
    status, out, _ = simcore("preview", "recipe.yaml", "--count", "3", "--seed", "2", "--out", "look.png")
    assert (status, out.strip()) == (0, "look.png")
    assert matplotlib.image.imread("look.png").ndim == 3
    recipe = sc.load("recipe.yaml")
    figure, arrays = recipe.preview(count=3, seed=2), recipe.render(3, seed=2)
    assert len(figure.axes) == 3
    for axis, image, (y, x) in zip(figure.axes, arrays["image"], arrays["position"], strict=True):
        np.testing.assert_array_equal(axis.images[0].get_array(), image[..., 0])
        np.testing.assert_array_equal(axis.lines[0].get_xydata(), [[x, y]])
    assert f"z {arrays['z'][0]:.4g} um" in figure.axes[0].texts[0].get_text()


def test_preview_of_properties_alone_is_a_histogram(simcore):
    assert simcore("preview", "cheap.yaml", "--out", "look.svg")[0] == 0
    assert Path("look.svg").read_text().startswith("<?xml")


def test_bench_accounts_for_all_of_the_time(simcore, monkeypatch):
    monkeypatch.setattr(benching.bench, "__defaults__", (1, 0.05))
    status, out, _ = simcore("bench", "recipe.yaml", "--json")
    result = json.loads(out)
    assert status == 0
    assert sum(row["share"] for row in result["stages"]) == pytest.approx(1)
    assert {"draws", "Brightfield microscope", "Positions", "storing"} <= {row["stage"] for row in result["stages"]}
    total = sum(row["microseconds"] for row in result["stages"])
    assert result["stored_per_second"] == pytest.approx(1e6 / total)
    assert result["images_per_second"] > result["stored_per_second"]
    status, out, _ = simcore("bench", "recipe.yaml")
    assert status == 0
    assert "images/s" in out


def test_the_built_in_bench_is_the_papers_case():
    recipe = sc.loads(benching.CASE_B)
    assert recipe.outputs["image"].shape == (51, 51, 1)


@pytest.mark.parametrize(("text", "number"), [("1e6", 10**6), ("10_000", 10**4), ("-3", -3), (str(2**127), 2**127)])
def test_numbers(text, number):
    assert whole_number(text) == number


# -- one line ------------------------------------------------------------------------------------------------------

GENERATE = ("generate", "recipe.yaml", "train.zarr", "--count", "10", "--seed", "1")


def replaced(*pairs):
    arguments = list(GENERATE)
    for old, new in pairs:
        arguments[arguments.index(old)] = new
    return arguments


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (replaced(("recipe.yaml", "absent.yaml")), 1, "absent.yaml"),
        (replaced(("recipe.yaml", "broken.yaml")), 1, "broken.yaml"),
        (replaced(("recipe.yaml", "binary.yaml")), 1, ""),
        (replaced(("recipe.yaml", "unknown.yaml")), 1, "MieSphere.radius_of_sphere: unknown parameter"),
        (replaced(("recipe.yaml", "impossible.yaml")), 1, "numerical_aperture"),
        (replaced(("recipe.yaml", ".")), 1, ""),
        (replaced(("10", "-5")), 1, "count: -5"),
        (replaced(("10", "1.5")), 2, "not a whole number"),
        (replaced(("10", "many")), 2, "'many' is not a number"),
        (replaced(("1", "-1")), 1, "seed: -1"),
        (replaced(("--count", "--counts")), 2, "--counts"),
        (replaced(("train.zarr", "no/such/folder.zarr")), 1, "no such folder"),
        (replaced(("train.zarr", "foreign")), 1, "something else lies there"),
        (replaced(("train.zarr", "nothing://x")), 1, "nothing"),
        ([*GENERATE, "--split", "dev"], 1, "split: 'dev'"),
        ([*GENERATE, "--workers", "0"], 1, "workers: 0"),
        ([*GENERATE, "--codec", "gzip"], 1, "codec: 'gzip'"),
        ([*GENERATE, "--unit", "10", "--chunk", "3"], 1, "unit: 10"),
        ([*GENERATE, "--scheduler", "nonsense"], 1, "no scheduler answers"),
        (["info", "absent.zarr"], 1, "no dataset"),
        (["info", "foreign"], 1, "no dataset"),
        (["preview", "recipe.yaml", "--out", "look.xyz"], 2, "look.xyz"),
        (["preview", "recipe.yaml", "--out", "no/look.png"], 1, "no/look.png"),
        (["preview", "recipe.yaml", "--count", "0"], 1, "count: 0"),
        (["export", "absent.yaml"], 1, "absent.yaml"),
        (["bench", "absent.yaml"], 1, "absent.yaml"),
        (["generat"], 2, "generat"),
        (["generate"], 2, ""),
    ],
)
def test_what_is_wrong_is_one_line(simcore, arguments, status, said):
    Path("broken.yaml").write_text("format: simcore-recipe/1\noutputs: [unclosed\n")
    Path("binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    Path("unknown.yaml").write_text(TEXT.replace("radius=", "radius_of_sphere="))
    Path("impossible.yaml").write_text(TEXT.replace("numerical_aperture=0.2", "numerical_aperture=1.5"))
    Path("foreign").mkdir()
    Path("foreign/mine.txt").write_text("mine")
    got, out, err = simcore(*arguments)
    assert (got, out) == (status, "")
    assert len(err) == 1
    assert err[0].startswith("simcore: ")
    assert said in err[0]
    assert sorted(path.name for path in Path("foreign").iterdir()) == ["mine.txt"]


def test_a_dataset_of_another_seed_is_refused(simcore):
    simcore("generate", "cheap.yaml", "train.zarr", "--count", "10", "--seed", "1", "--quiet")
    status, _, err = simcore("generate", "cheap.yaml", "train.zarr", "--count", "10", "--seed", "2")
    assert status == 1
    assert "seed 1, asked for 2" in err[0]


def test_a_file_that_may_not_grow_is_one_line_and_no_traceback(simcore):
    resource = pytest.importorskip("resource", reason="limits of POSIX")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    arguments = ("generate", "cheap.yaml", "train.zarr", "--count", "5000", "--seed", "1", "--unit", "5000", "--quiet")
    with command(*arguments, preexec_fn=limit) as process:
        err = process.stderr.read().decode().splitlines()
    assert process.returncode == 1
    assert len(err) == 1
    assert "larger than is allowed" in err[0]
    assert simcore(*arguments) == (0, "", [])
    read(Path("train.zarr"))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_is_one_line_and_it_goes_on_later():
    arguments = (
        "generate",
        "cheap.yaml",
        "train.zarr",
        "--count",
        "2e5",
        "--seed",
        "1",
        "--unit",
        "64",
        "--chunk",
        "64",
    )
    with command(*arguments) as process:
        end = time.monotonic() + 30
        while len(list(Path("train.zarr").glob("shard_checksum/c.*"))) < 3:
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        err = process.stderr.read().decode().splitlines()
    assert process.returncode == 130
    assert err == ["simcore: interrupted; what is stored stays"]


def test_a_reader_that_has_had_enough_is_no_error():
    with command("export", "recipe.yaml", stdout=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
