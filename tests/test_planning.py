"""Plans against what happens: bytes, files and memory of datasets that are made afterwards; benchmarks/planning.py has times."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import simcore as sc
from simcore import cli
from simcore.errors import ParameterError, StorageError
from simcore.planning import tolerance, trial

ROOT = Path(__file__).parents[1]
HOLOGRAM = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(12, 20), y=uniform(12, 20), z=uniform(5, 15), radius=uniform(0.3, 1), refractive_index=1.5)
  microscope: Holography(numerical_aperture=1.2, wavelength=0.447, pixel_size=0.048, refractive_index_medium=1.34, shape=(32, 32))
  image:      particle >> microscope
outputs:
  image:    image
  noisy:    stored(image >> PoissonNoise(snr=uniform(5, 20), background=1), dtype="uint16", scale=1000)
  position: positions(particle)
  radius:   particle.radius
"""
CELLS = """
format: simcore-recipe/1
define:
  particles:  PointEmitter(x=uniform(0, 48), y=uniform(0, 48), intensity=uniform(50, 100)).repeat(integers(2, 9))
  microscope: Fluorescence(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(48, 48))
outputs:
  image: particles >> microscope >> PoissonNoise(snr=20, background=1)
  mask:  particles >> DiskMask(radius=3, shape=(48, 48))
  where: positions(particles)
"""


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.5)
    monkeypatch.setattr(tolerance, "SECONDS", 0.05)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def stored(folder):
    return {name.name: sum(f.stat().st_size for f in name.glob("c.*")) for name in folder.iterdir() if name.is_dir()}


@pytest.mark.parametrize("text", [HOLOGRAM, CELLS], ids=["hologram", "cells"])
@pytest.mark.parametrize("options", [{}, {"codec": "zstd:1", "unit": 64, "chunk": 16}, {"codec": "none", "workers": 2}])
def test_bytes_and_files_are_those_of_the_dataset(tmp_path, text, options):
    recipe, path = sc.loads(text), tmp_path / "train.zarr"
    planned = recipe.plan(1000, path, **options)
    assert list(tmp_path.iterdir()) == []  # nothing of the trial stays
    recipe.generate(path, 1000, 1, progress=False, **options)
    files = [file for file in path.rglob("*") if file.is_file()]
    assert planned.files == len(files)
    assert planned.bytes == pytest.approx(sum(file.stat().st_size for file in files), rel=0.05)
    sizes = stored(path)
    for name, size in planned.arrays.items():
        assert size == pytest.approx(sizes[name], rel=0.1), name
    arrays = recipe.render(2, seed=1)
    assert planned.bytes_uncompressed == 500 * sum(array.nbytes for array in arrays.values())


def run(code, path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, path], env=environment, capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [1, 2])
def test_memory_is_that_of_the_run(tmp_path, workers):
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is asked of Linux' /proc")
    start = f"import sys, simcore as sc\nrecipe = sc.loads({HOLOGRAM!r})\n"
    plan = start + f"print(recipe.plan(20_480, sys.argv[1], workers={workers}, unit=4096).memory)"
    make = start + (
        # A disk slow enough that each worker renders one unit while it writes another, which is what is planned for.
        f"import os, re, time\nfrom pathlib import Path\nos.fsync = lambda fd: time.sleep(0.1)\n"
        f"recipe.generate(sys.argv[1], 20_480, 1, workers={workers}, unit=4096, progress=False)\n"
        # Not of getrusage, which counts what the process held before it became this program.
        "print(1024 * int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]))"
    )
    path = str(tmp_path / "train.zarr")
    assert run(plan, path) == pytest.approx(run(make, path), rel=0.2)


def test_examples_of_the_trial_come_from_everywhere():
    asked = []

    class Recipe:
        outputs, canonical = {}, "text"

        def render(self, *, indices, **options):
            asked.extend(indices)

    spread = trial.Spread(Recipe(), 1000, 10)
    spread.render(indices=[0, 1, 9], seed=1)
    assert asked == [0, 100, 900]
    assert spread.sha256 != trial.Spread(Recipe(), 1000, 20).sha256


def test_another_tolerance_changes_nothing_else():
    recipe = sc.loads(HOLOGRAM)
    looser = tolerance.with_tolerance(recipe, 10)
    assert tolerance.tolerances(recipe) == [5e-4]
    assert tolerance.tolerances(looser) == [pytest.approx(5e-3)]
    assert tolerance.with_tolerance(looser, 0.1).canonical == recipe.canonical
    np.testing.assert_array_equal(looser.render(3, seed=1)["position"], recipe.render(3, seed=1)["position"])
    assert set(recipe.plan(10).speed_at) == {10.0, 0.1}


def test_a_recipe_without_a_microscope_has_no_tolerance():
    planned = sc.Recipe(value=sc.uniform(0, 1)).plan(100)
    assert (planned.tolerance, planned.speed_at, planned.free, planned.fits) == (None, {}, None, None)


def test_what_does_not_fit_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "recipe.yaml").write_text(HOLOGRAM)
    arguments = ["plan", str(tmp_path / "recipe.yaml"), str(tmp_path / "train.zarr"), "--count", "1e9"]
    assert cli.run([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["count"] == 10**9
    assert found["fits"] is (found["bytes"] <= found["free"])
    monkeypatch.setattr("shutil.disk_usage", lambda path: types.SimpleNamespace(free=1000))
    assert cli.run(arguments) == 0
    out = capsys.readouterr().out
    assert "it does not fit" in out
    assert "renders" in out
    assert os.listdir(tmp_path) == ["recipe.yaml"]  # noqa: PTH208


def test_what_cannot_be_planned_is_refused(tmp_path):
    recipe = sc.loads(HOLOGRAM)
    with pytest.raises(StorageError, match="no such folder"):
        recipe.plan(10, tmp_path / "mistyped" / "train.zarr")
    for options, said in [
        ({"count": 0}, "count"),
        ({"count": 5, "workers": 0}, "workers"),
        ({"count": 5, "codec": "x"}, "codec"),
    ]:
        with pytest.raises(ParameterError, match=said):
            recipe.plan(**options)
