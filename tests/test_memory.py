"""Memory: the peak of a run and of its workers does not depend on how many examples there are."""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
import zarr

import simcore as sc
from simcore import datasets
from simcore.datasets.storage import Folder
from simcore.engines import threads
from simcore.engines import unit as rendering
from simcore.engines.progress import Report
from simcore.engines.rooms import HELD, THREADS
from simcore.engines.unit import Done, Job

ROOT = Path(__file__).parents[1]
UNIT = 64  # examples of 4 kB
RUN = r"""
import json, os, re, resource, sys
from pathlib import Path
os.fsync = lambda descriptor: None
import simcore as sc
path, count, processes = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "processes"
recipe = sc.loads('''
format: simcore-recipe/1
outputs:
  vector: uniform(0, 1, shape=1000)
''')
recipe.generate(path, count=count, seed=1, workers=2, processes=processes, unit=64, chunk=64, progress=False)
# Of this process not by getrusage, which counts what it held before it became this program.
own = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
peaks = [own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps(peaks))
"""


def peaks(path, count, kind):
    """Peak memory of a run and of the largest of its workers, bytes."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is asked of Linux' /proc")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, str(path), str(count), kind]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return [1024 * peak for peak in json.loads(done.stdout)]


@pytest.mark.parametrize(("kind", "place"), [("threads", 0), pytest.param("processes", 1, marks=pytest.mark.thorough)])
def test_ten_times_as_many_examples_take_no_more_memory(tmp_path, kind, place):
    few, many = 32 * UNIT, 320 * UNIT
    one, other = (peaks(tmp_path / str(count), count, kind)[place] for count in (few, many))
    assert other < one + 0.05 * one
    assert other - one < (many - few) * 4000 / 5  # what is made meanwhile is far more


def test_units_that_wait_are_not_kept():
    def make(job, unit, stop, rooms):
        return Done(unit, 1, 1, 0.0)

    units = list(range(20_000))
    tracemalloc.start()
    try:
        threads.on_threads(Job("nowhere", {}), units, Report(len(units), 0, show=False), 2, make)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_no_more_units_are_begun_than_there_are_threads():
    begun, finished, most = [], [], []

    def make(job, unit, stop, rooms):
        begun.append(unit)
        most.append(len(begun) - len(finished))
        finished.append(unit)
        return Done(unit, 1, 1, 0.0)

    report = Report(1000, 0, show=False)
    threads.on_threads(Job("nowhere", {}), list(range(1000)), report, 3, make)
    assert sorted(finished) == list(range(1000))
    assert max(most) <= 3 * THREADS
    assert report.done == 1000


def test_two_units_hold_arrays_and_two_hold_shards_for_each_worker(tmp_path, monkeypatch):
    arrays, shards, under_way, beside = set(), set(), [], []
    render, write, put = rendering.render_unit, datasets.write_unit, Folder.put

    def noted_render(job, layout, unit, memory, stop):
        arrays.add(id(memory))
        beside.append(len(under_way))
        return render(job, layout, unit, memory, stop)

    def noted_write(storage, layout, unit, values, memory, encoded):
        shards.add(id(memory))
        under_way.append(unit)
        stored = write(storage, layout, unit, values, memory, encoded)
        under_way.remove(unit)
        return stored

    def slow_put(folder, key, data):
        time.sleep(0.02)
        put(folder, key, data)

    monkeypatch.setattr(rendering, "render_unit", noted_render)
    monkeypatch.setattr(datasets, "write_unit", noted_write)
    monkeypatch.setattr(Folder, "put", slow_put)
    recipe = sc.Recipe(vector=sc.uniform(0, 1, shape=1000))
    made = recipe.generate(tmp_path / "made.zarr", 24 * UNIT, seed=1, unit=UNIT, workers=1, progress=False)
    assert len(arrays) == len(shards) == HELD
    assert max(beside) == HELD  # while two wait for a slow disk a third is rendered
    expected = recipe.render(24 * UNIT, seed=1)["vector"]
    assert (zarr.open_group(made.path)["vector"][:] == expected).all()
