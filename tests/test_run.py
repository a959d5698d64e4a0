"""Generating: the same arrays however it is run, and nothing lost however it ends."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import dask
import distributed
import numpy as np
import pytest
from drawn import drawn
from fake_recipe import FakeRecipe
from hypothesis import given
from hypothesis import strategies as st
from literal_reader import read
from rich.console import Console

import simcore as sc
from simcore import datasets, run
from simcore.engines import cluster, processes, progress, unit
from simcore.errors import ParameterError, SchedulerError
from simcore.lazy import lazy

ROOT = Path(__file__).parents[1]
COUNT, SEED = 60, 5
# What costs nothing to render, so that only the running is tested.
TEXT = """
format: simcore-recipe/1
define:
  particle: MieSphere(x=uniform(4, 12), y=uniform(4, 12), z=normal(0, 1.0), radius=uniform(1.0, 2.0), refractive_index=1.5)
outputs:
  vector: uniform(0, 1, shape=2)
  z:      particle.z
  radius: 2 * particle.radius
  label:  integers(0, 10)
"""


@pytest.fixture(autouse=True, scope="module")
def _fast_disk():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


@pytest.fixture(scope="module")
def recipe():
    return sc.loads(TEXT)


def assert_same(path, expected):
    _, arrays = read(Path(path))
    assert list(arrays) == list(expected)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


# -- the same however it is run ------------------------------------------------------------------------------------


@given(
    chunk=st.integers(1, 20),
    chunks=st.integers(1, 8),
    workers=st.integers(1, 3),
    codec=st.sampled_from(["lz4", "zstd", "none"]),
)
@drawn(6)
def test_threads_units_and_chunks_change_no_value(tmp_path_factory, chunk, chunks, workers, codec):
    path = tmp_path_factory.mktemp("run") / "train.zarr"
    options = {"unit": chunk * chunks, "chunk": chunk, "workers": workers, "codec": codec}
    run.generate(FakeRecipe(), path, COUNT, SEED, progress=False, **options)
    assert_same(path, FakeRecipe().render(COUNT, seed=SEED))


def test_identity_does_not_depend_on_workers(tmp_path):
    made = [run.generate(FakeRecipe(), tmp_path / str(n), COUNT, SEED, workers=n, progress=False) for n in (1, 2)]
    assert made[0].identity == made[1].identity


def test_worker_processes(path, recipe):
    made = run.generate(recipe, path, COUNT, SEED, workers=2, processes=True, progress=False)
    assert_same(path, recipe.render(COUNT, seed=SEED))
    assert made.identity == run.generate(recipe, path.with_name("threads.zarr"), COUNT, SEED, progress=False).identity


def test_the_users_own_code_reaches_worker_processes(path):
    @sc.draw
    def flicker(rng, mean, spread):
        return mean * (1 + spread * rng.standard_normal())

    recipe = sc.Recipe(brightness=flicker(sc.uniform(1, 2), 0.1))
    run.generate(recipe, path, COUNT, SEED, processes=True, progress=False)
    assert_same(path, recipe.render(COUNT, seed=SEED))


def test_a_given_scheduler(path, recipe, monkeypatch):
    monkeypatch.chdir(path.parent)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        run.generate(recipe, path.name, COUNT, SEED, scheduler=cluster.scheduler_address, progress=False)
    assert_same(path, recipe.render(COUNT, seed=SEED))


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path, recipe):
    recipe.save(tmp_path / "recipe.yaml")
    script = tmp_path / "script.py"
    script.write_text(
        "print('once', flush=True)\n"
        "import simcore\n"
        "recipe = simcore.load('recipe.yaml')\n"
        f"recipe.generate('train.zarr', count={COUNT}, seed={SEED}, workers=2, processes=True)\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=_environment(), capture_output=True, check=True)
    assert done.stdout.split() == [b"once"]
    assert_same(tmp_path / "train.zarr", recipe.render(COUNT, seed=SEED))


def test_lazy_arrays_are_what_render_gives(recipe):
    expected = recipe.render(COUNT, seed=SEED)
    lazy = recipe.dask(COUNT, SEED, chunk=7)
    assert list(lazy) == list(expected)
    assert lazy["vector"].chunks[0] == (7,) * 8 + (4,)
    for name, array in lazy.items():
        assert (array.shape, array.dtype) == (expected[name].shape, expected[name].dtype)
    (computed,) = dask.compute(lazy, scheduler="threads")
    for name, array in computed.items():
        np.testing.assert_array_equal(array, expected[name])
    np.testing.assert_array_equal(lazy["vector"][11:23, 1].compute(scheduler="sync"), expected["vector"][11:23, 1])


def test_lazy_renders_only_what_is_asked_for():
    rendered = []
    arrays = lazy(FakeRecipe(before=lambda indices: rendered.extend(indices.tolist())), 1_000_000, 1, chunk=10)
    assert not rendered
    arrays["image"][500_003].compute(scheduler="sync")
    assert rendered == list(range(500_000, 500_010))


# -- however it ends -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_midway_loses_nothing(path, workers):
    def fail(indices):
        if indices[0] >= 24:
            raise RuntimeError("the user's own code failed")

    options = {"unit": 8, "chunk": 4, "progress": False, "workers": workers}
    with pytest.raises(RuntimeError, match="own code failed"):
        run.generate(FakeRecipe(before=fail), path, COUNT, SEED, **options)
    missing = datasets.open_dataset(path).missing()
    assert set(range(3, 8)) <= set(missing)
    assert len(missing) < 8
    rendered = []
    run.generate(FakeRecipe(before=lambda indices: rendered.extend(indices.tolist())), path, COUNT, SEED, **options)
    assert sorted(rendered) == [i for unit in missing for i in range(8 * unit, min(8 * unit + 8, COUNT))]
    assert_same(path, FakeRecipe().render(COUNT, seed=SEED))


def test_after_an_error_no_thread_goes_on(path):
    started = []

    def fail(indices):
        started.append(time.monotonic())
        time.sleep(0.02)
        if indices[0] >= 8:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run.generate(FakeRecipe(before=fail), path, 400, SEED, unit=40, chunk=1, workers=2, progress=False)
    over = time.monotonic()
    time.sleep(0.2)
    assert max(started) < over


SLOW = """
import sys, time
from fake_recipe import FakeRecipe
from simcore import run
run.generate(FakeRecipe(before=lambda indices: time.sleep(0.02)), sys.argv[1], 200, 5, unit=8, chunk=4, workers=2,
             progress=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_midway_it_goes_on_where_it_stopped(path, number):
    with subprocess.Popen([sys.executable, "-c", SLOW, path], env=_environment(), stderr=subprocess.DEVNULL) as process:
        _wait_for(lambda: len(list(path.glob("shard_checksum/c.*"))) >= 3)
        process.send_signal(number)
    missing = datasets.open_dataset(path).missing()
    assert 0 < len(missing) <= 22
    rendered = []
    before = FakeRecipe(before=lambda indices: rendered.extend(indices.tolist()))
    run.generate(before, path, 200, SEED, progress=False)
    assert len(rendered) == sum(min(8 * unit + 8, 200) - 8 * unit for unit in missing)
    assert_same(path, FakeRecipe().render(200, seed=SEED))


def test_worker_processes_that_die_are_told_of(path, recipe, monkeypatch):
    _kill_workers(monkeypatch, every=True)
    with pytest.raises(SchedulerError, match="all worker processes died"):
        run.generate(recipe, path, COUNT, SEED, workers=2, processes=True, progress=False)
    monkeypatch.undo()
    run.generate(recipe, path, COUNT, SEED, progress=False)
    assert_same(path, recipe.render(COUNT, seed=SEED))


def test_one_worker_process_that_dies_is_made_up_for(path, recipe, monkeypatch):
    _kill_workers(monkeypatch, every=False)
    run.generate(recipe, path, COUNT, SEED, workers=2, processes=True, progress=False)
    assert_same(path, recipe.render(COUNT, seed=SEED))


def _kill_workers(monkeypatch, *, every):
    real, started = processes._start_worker, []

    def start(*arguments):
        started.append(real(*arguments))
        if every or len(started) == 1:
            started[-1].kill()
        return started[-1]

    monkeypatch.setattr(processes, "_start_worker", start)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://"])
def test_a_scheduler_that_does_not_answer(path, recipe, address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(SchedulerError, match=f"no scheduler answers at {address}") as caught:
        run.generate(recipe, path, COUNT, SEED, scheduler=address, progress=False)
    assert "\n" not in str(caught.value)


def test_a_scheduler_that_is_lost_midway(path):
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    )
    renders = []

    def slow(indices):
        renders.append(indices)
        time.sleep(0.05)

    recipe = FakeRecipe(text="slow: 1\n", before=slow)

    def close():
        _wait_for(lambda: len(renders) > 10)
        cluster.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(SchedulerError, match="scheduler was lost"):
        run.generate(recipe, path, 400, SEED, unit=4, chunk=4, scheduler=cluster.scheduler_address, progress=False)
    closing.join()
    assert datasets.open_dataset(path).missing()
    run.generate(FakeRecipe(text="slow: 1\n"), path, 400, SEED, progress=False)
    assert_same(path, FakeRecipe().render(400, seed=SEED))


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_impossible_workers(path, workers):
    with pytest.raises(ParameterError, match="workers"):
        run.generate(FakeRecipe(), path, COUNT, SEED, workers=workers)
    assert not path.exists()


def test_a_worker_of_another_version_refuses(recipe):
    metadata = {"recipe": recipe.canonical, "recipe_sha256": recipe.sha256, "render_version": -1}
    with pytest.raises(SchedulerError, match="render version"):
        unit.make_unit(unit.Job("nowhere", metadata), 0)


# -- progress ------------------------------------------------------------------------------------------------------


def test_on_a_terminal_a_bar():
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100)
    with progress.Report(100, 0, console=console) as report:
        report.advance(unit.Done(0, 100, 5_000, 1.0))
    assert "100/100" in text.getvalue()
    assert "examples/s, 5.0 kB" in text.getvalue()


def test_quiet_shows_nothing(path, capfd):
    run.generate(FakeRecipe(), path, COUNT, SEED, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("seconds", "said"), [(3, "3 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations(seconds, said):
    assert progress.duration(seconds) == said


def _environment():
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return {**os.environ, "PYTHONPATH": paths}


def _wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.01)
