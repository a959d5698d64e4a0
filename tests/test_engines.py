"""Every engine, and every instruction level, gives the same bytes; what is lost costs the units in flight."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed
import numpy as np
import pytest
from literal_reader import read

import simcore as sc
from simcore import _core, datasets
from simcore.errors import DatasetError, SchedulerError

ROOT = Path(__file__).parents[1]
COUNT, SEED, PARTS = 70, 11, 7
TEXT = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(4, 20), y=uniform(4, 20), z=normal(0, 1.0), radius=uniform(0.5, 1.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.2, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(24, 24))
  flip:       FlipLeftRight(probability=0.5)
outputs:
  image:      particle >> microscope >> PoissonNoise(snr=uniform(2, 60), background=1) >> flip
  position:   positions(particle) >> flip
  inside:     particle >> DiskMask(radius=3, shape=(24, 24)) >> flip
  z:          particle.z
"""
OPTIONS = {"count": COUNT, "seed": SEED, "unit": 4, "progress": False}
GENERATE = ("generate", "recipe.yaml", "train.zarr", "--count", COUNT, "--seed", SEED, "--unit", 4, "--quiet")


@pytest.fixture(scope="module")
def recipe():
    return sc.loads(TEXT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, recipe):
    """The attributes, arrays and objects of a plain run."""
    path = tmp_path_factory.mktemp("whole") / "train.zarr"
    recipe.generate(path, **OPTIONS)
    return *read(path), objects(path)


@pytest.fixture
def folder(tmp_path, recipe):
    recipe.save(tmp_path / "recipe.yaml")
    return tmp_path


def objects(path):
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("c.*")}


def assert_same(path, whole):
    attributes, arrays = read(path)
    assert attributes["identity"] == whole[0]["identity"]
    assert list(arrays) == list(whole[1])
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, whole[1][name], err_msg=name)
    assert objects(path) == whole[2]


def command(folder, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "simcore.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def succeed(process):
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return out


# -- the same bytes ------------------------------------------------------------------------------------------------


def test_a_plain_run_is_what_render_gives(whole, recipe):
    for name, array in recipe.render(COUNT, seed=SEED).items():
        np.testing.assert_array_equal(whole[1][name], array)


@pytest.mark.parametrize("options", [{"workers": 3}, {"workers": 2, "processes": True}], ids=["threads", "processes"])
def test_threads_and_processes(folder, recipe, whole, options):
    recipe.generate(folder / "train.zarr", **OPTIONS, **options)
    assert_same(folder / "train.zarr", whole)


@pytest.fixture(scope="module")
def scheduler():
    with distributed.LocalCluster(
        n_workers=4, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_a_distributed_scheduler_with_four_workers(folder, recipe, whole, scheduler):
    recipe.generate(folder / "train.zarr", **OPTIONS, scheduler=scheduler)
    assert_same(folder / "train.zarr", whole)


def test_parts_started_at_once(folder, whole):
    parts = [command(folder, *GENERATE, "--part", f"{number}/{PARTS}") for number in range(1, PARTS + 1)]
    for process in parts:
        succeed(process)
    assert whole[0]["identity"] in succeed(command(folder, "finish", "train.zarr"))
    assert_same(folder / "train.zarr", whole)


def test_many_that_begin_one_dataset_begin_one(folder, recipe, whole):
    """Each waits at a barrier just before it creates: what seven starting interpreters seldom do."""
    code = (
        "import pathlib, sys, time, simcore\n"
        "from simcore.datasets import writing\n"
        "from simcore.engines import unit\n"
        "recipe = simcore.load('recipe.yaml')\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not pathlib.Path('go').exists(): pass\n"
        f"writing.create(recipe, 'train.zarr', {COUNT}, {SEED}, unit=4, render_version=unit.render_version())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen([sys.executable, "-c", code, f"ready{number}"], cwd=folder, env=environment, stderr=-1)
        for number in range(PARTS)
    ]
    wait_for(lambda: len(list(folder.glob("ready*"))) == PARTS)
    (folder / "go").touch()
    for process in started:
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 0
    recipe.generate(folder / "train.zarr", **OPTIONS)
    assert_same(folder / "train.zarr", whole)


@pytest.mark.parametrize("level", ["v4", "v3", "v1"])
def test_every_instruction_level(folder, whole, level):
    if level not in levels():
        pytest.skip(f"this processor lacks {level}")
    succeed(command(folder, *GENERATE, SIMCORE_ISA=level))
    assert_same(folder / "train.zarr", whole)


def levels():
    return ["v1", "v3", "v4"][: ["v1", "v3", "v4"].index(_core.instruction_level()) + 1]
