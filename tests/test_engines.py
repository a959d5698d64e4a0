"""Every engine, and every instruction level, gives the same bytes; what is lost costs the units in flight."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from literal_reader import read

import simcore as sc
from simcore import _core
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


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self._start("scheduler", "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                    "--no-dashboard", "--scheduler-file", str(folder / "scheduler.json"))  # fmt: skip
        wait_for(lambda: self._told() is not None)
        self.address = self._told()["address"]

    def _told(self):
        """What the scheduler writes of itself, once the file is there and whole."""
        try:
            return json.loads((self.folder / "scheduler.json").read_text())
        except (OSError, ValueError):
            return None

    def _start(self, name, *arguments):
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)

    def add_workers(self, count):
        for number in range(count):
            self._start(f"worker{number}", "-P", "-m", "simcore.engines.worker", self.address)

    def add_worker_after(self, code):
        """A worker as dask starts it, in an interpreter that runs this code first."""
        arguments = [self.address, "--no-nanny", "--no-dashboard"]
        code += f"; from distributed.cli.dask_worker import main; main({arguments})"
        self._start("worker", "-c", code)

    def end(self):
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def four_workers(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.add_workers(4)
    yield cluster
    cluster.end()


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()


def test_a_distributed_scheduler_with_four_workers(folder, recipe, whole, four_workers):
    recipe.generate(folder / "train.zarr", **OPTIONS, scheduler=four_workers.address)
    assert_same(folder / "train.zarr", whole)


@pytest.mark.parametrize("count", [3, pytest.param(PARTS, marks=pytest.mark.thorough)])
def test_parts_started_at_once(folder, whole, count):
    parts = [command(folder, *GENERATE, "--part", f"{number}/{count}") for number in range(1, count + 1)]
    for process in parts:
        succeed(process)
    assert whole[0]["identity"] in succeed(command(folder, "finish", "train.zarr"))
    assert_same(folder / "train.zarr", whole)


@pytest.mark.thorough
def test_many_that_begin_one_dataset_begin_one(folder, recipe, whole):
    """Each waits at a barrier just before it creates: what seven starting interpreters seldom do."""
    code = (
        "import pathlib, sys, time, simcore\n"
        "from simcore.datasets import writing\n"
        "from simcore.engines import unit\n"
        "recipe = simcore.load('recipe.yaml')\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not pathlib.Path('go').exists(): time.sleep(0.001)\n"
        f"writing.create(recipe, 'train.zarr', {COUNT}, {SEED}, unit=4, render_version=unit.render_version())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen([sys.executable, "-c", code, f"ready{number}"], cwd=folder, env=environment, stderr=-1)
        for number in range(PARTS)
    ]
    try:
        wait_for(lambda: len(list(folder.glob("ready*"))) == PARTS)
        (folder / "go").touch()
        errors = [process.communicate(timeout=60)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert errors == [b""] * PARTS
    recipe.generate(folder / "train.zarr", **OPTIONS)
    assert_same(folder / "train.zarr", whole)


@pytest.mark.parametrize("level", ["v4", "v3", "v1"])
def test_every_instruction_level(folder, whole, level):
    if level not in levels():
        pytest.skip(f"this processor lacks {level}")
    succeed(command(folder, *GENERATE, SIMCORE_ISA=level))
    assert_same(folder / "train.zarr", whole)


def levels():
    return {4: ("v1", "v3", "v4"), 3: ("v1", "v3"), 0: ("v1",)}[_core.instruction_level()]


# -- who may render ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import simcore; simcore.__version__ = '0.0.9'", "a worker runs simcore 0.0.9, this is simcore"),
        pytest.param(
            "import simcore.render; simcore.render.RENDER_VERSION = 1",
            "a worker has render version 1, the dataset",
            marks=pytest.mark.thorough,
        ),
        pytest.param("import sys; sys.modules['simcore'] = None", "cannot import simcore", marks=pytest.mark.thorough),
    ],
)
def test_a_worker_of_another_version_is_refused(folder, recipe, cluster, code, said):
    cluster.add_worker_after(code)
    with pytest.raises(SchedulerError, match=said) as caught:
        recipe.generate(folder / "train.zarr", **OPTIONS, scheduler=cluster.address)
    assert "\n" not in str(caught.value)


# -- what is lost --------------------------------------------------------------------------------------------------

LONG = ("generate", "recipe.yaml", "train.zarr", "--count", 600, "--seed", SEED, "--unit", 4, "--quiet")


@pytest.fixture(scope="module")
def long(tmp_path_factory, recipe):
    path = tmp_path_factory.mktemp("long") / "train.zarr"
    recipe.generate(path, 600, SEED, unit=4, progress=False)
    return *read(path), objects(path)


def committed(folder):
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("train.zarr/shard_checksum/c.*")}


def assert_kept(folder, before):
    after = committed(folder)
    assert {name: after[name] for name in before} == before


@pytest.mark.thorough
def test_a_killed_part_goes_on_where_it_stopped(folder, long):
    part = command(folder, *LONG, "--part", "1/2")
    wait_for(lambda: len(committed(folder)) >= 5)
    part.kill()
    part.communicate()
    before = committed(folder)
    assert 5 <= len(before) < 75
    with pytest.raises(DatasetError, match="units are missing"):
        sc.finish(folder / "train.zarr")
    for number in (2, 1):
        succeed(command(folder, *LONG, "--part", f"{number}/2"))
    assert_kept(folder, before)
    succeed(command(folder, "finish", "train.zarr"))
    assert not list(folder.glob("train.zarr/**/.*.partial"))
    assert_same(folder / "train.zarr", long)


@pytest.mark.thorough
def test_a_killed_worker_is_made_up_for(folder, cluster, long):
    cluster.add_workers(2)
    run = command(folder, *LONG, "--scheduler", cluster.address)
    wait_for(lambda: len(committed(folder)) >= 5)
    cluster.processes[-1].send_signal(signal.SIGKILL)
    succeed(run)
    assert_same(folder / "train.zarr", long)


@pytest.mark.thorough
def test_a_killed_scheduler_is_one_line_and_the_command_goes_on(folder, cluster, long):
    cluster.add_workers(2)
    run = command(folder, *LONG, "--scheduler", cluster.address)
    wait_for(lambda: len(committed(folder)) >= 5)
    cluster.processes[0].send_signal(signal.SIGKILL)
    out, err = run.communicate(timeout=120)
    assert (run.returncode, out, len(err.splitlines())) == (1, "", 1)
    assert "scheduler was lost; generate again to go on" in err
    before = committed(folder)
    assert len(before) < 150
    succeed(command(folder, *LONG))
    assert_kept(folder, before)
    assert_same(folder / "train.zarr", long)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)
