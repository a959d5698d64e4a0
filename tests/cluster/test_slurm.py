"""Job arrays and a dask-jobqueue cluster on a real SLURM: ``make test-cluster``; not a part of ``make test``."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from literal_reader import read
from slurm import Slurm, Unavailable

import simcore as sc

ROOT = Path(__file__).parents[2]
COUNT, SEED = 300, 11
TEXT = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(4, 20), y=uniform(4, 20), z=normal(0, 1.0), radius=uniform(0.5, 1.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.2, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(24, 24))
outputs:
  image:      particle >> microscope >> PoissonNoise(snr=uniform(2, 60), background=1)
  position:   positions(particle)
  z:          particle.z
"""
CLUSTER = """
format: simcore-cluster/1
kind: slurm
jobs: 2
workers_per_job: 2
memory: 1GB
walltime: "00:10:00"
queue: all
interface: lo
log_directory: logs
"""
SIMCORE = (sys.executable, "-m", "simcore.cli")
GENERATE = (
    *SIMCORE,
    "generate",
    "recipe.yaml",
    "train.zarr",
    "--count",
    str(COUNT),
    "--seed",
    str(SEED),
    "--unit",
    "4",
)


@pytest.fixture(scope="module")
def slurm():
    try:
        started = Slurm()
        with started:
            started.environment["PYTHONPATH"] = str(ROOT)
            yield started
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "train.zarr"
    sc.loads(TEXT).generate(path, COUNT, SEED, unit=4, progress=False)
    return read(path)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "recipe.yaml").write_text(TEXT)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    return tmp_path


def assert_same(path, whole):
    attributes, arrays = read(path)
    assert attributes["identity"] == whole[0]["identity"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, whole[1][name])


def start(slurm, folder, *command):
    return subprocess.Popen(
        command, cwd=folder, env=slurm.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def succeed(process):
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def committed(folder):
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("train.zarr/shard_checksum/c.*")}


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_a_job_array_and_finish(slurm, folder, whole):
    wrap = " ".join([*GENERATE, "--part", "auto"])
    array = succeed(start(slurm, folder, "sbatch", "--parsable", "--array=1-7", f"--wrap={wrap}")).strip()
    wrap = " ".join([*SIMCORE, "finish", "train.zarr"])
    succeed(start(slurm, folder, "sbatch", "--wait", f"--dependency=afterok:{array}", "--output=end", f"--wrap={wrap}"))
    assert whole[0]["identity"] in (folder / "end").read_text()
    said = [path.read_text().splitlines()[-1] for path in sorted(folder.glob(f"slurm-{array}_*.out"))]
    assert len(said) == 7
    for number, line in enumerate(said, 1):
        assert f"part {number} of 7 is stored, not sealed" in line
    assert_same(folder / "train.zarr", whole)


def test_a_task_of_the_array_that_fails_is_named_by_finish_and_run_again(slurm, folder, whole):
    wrap = " ".join([*GENERATE, "--part", "auto/5"])
    succeed(start(slurm, folder, "sbatch", "--wait", "--array=1-3,5", f"--wrap={wrap}"))
    process = start(slurm, folder, *SIMCORE, "finish", "train.zarr")
    _, err = process.communicate()
    assert (process.returncode, len(err.splitlines())) == (1, 1)
    assert "15 of 75 units are missing (3, 8, 13, " in err
    succeed(start(slurm, folder, "sbatch", "--wait", "--array=4", f"--wrap={wrap}"))
    succeed(start(slurm, folder, *SIMCORE, "finish", "train.zarr"))
    assert_same(folder / "train.zarr", whole)


def test_a_cluster_from_one_file(slurm, folder, whole):
    out = succeed(start(slurm, folder, *GENERATE, "--cluster", "cluster.yaml", "--quiet"))
    assert out == ""
    assert_same(folder / "train.zarr", whole)
    assert sorted(path.suffix for path in (folder / "logs").iterdir()) == [".err", ".err", ".out", ".out"]
    logs = "".join(path.read_text() for path in (folder / "logs").glob("*.err"))
    started = logs.count("Start worker at")  # of four; the last may come too late
    assert 1 <= started == logs.count("Run preload setup: simcore.engines.preload")
    assert started == len(re.findall(r"Threads: +2\n", logs))
    wait_for(lambda: not slurm.call("squeue", "--noheader").strip())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("queue: all", "queue: absent"),
            "the queue refused a job: sbatch: error: invalid partition specified: absent",
        ),
        (("queue: all", "python: /bin/false"), "all jobs have ended"),
        (("interface: lo", "interface: absent9"), "absent9"),
        (("kind: slurm", "kind: pbs"), "qsub is not here"),
    ],
)
def test_what_the_queue_refuses_is_one_line(slurm, folder, change, said):
    (folder / "cluster.yaml").write_text(CLUSTER.replace(*change))
    process = start(slurm, folder, *GENERATE, "--cluster", "cluster.yaml", "--quiet")
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out, len(err.splitlines())) == (1, "", 1), err
    assert said in err
    wait_for(lambda: not slurm.call("squeue", "--noheader").strip())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_or_killed_it_goes_on(slurm, folder, whole, number):
    process = start(slurm, folder, *GENERATE, "--cluster", "cluster.yaml", "--quiet")
    wait_for(lambda: len(committed(folder)) >= 5)
    process.send_signal(number)
    process.communicate(timeout=120)
    before = committed(folder)
    assert len(before) < 75
    wait_for(lambda: not slurm.call("squeue", "--noheader").strip())  # workers without a scheduler end by themselves
    succeed(start(slurm, folder, *GENERATE, "--cluster", "cluster.yaml", "--quiet"))
    after = committed(folder)
    assert {name: after[name] for name in before} == before
    assert_same(folder / "train.zarr", whole)
