"""Each example runs from its one command, at its smallest size."""

import ast
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dtmodels as dm
import simcore as sc

ROOT = Path(__file__).parents[1]
NOWHERE = "http://127.0.0.1:9"  # measured data that is not on this machine is not fetched in a test


@pytest.mark.thorough
def test_single_particle_tracking(tmp_path):
    command = [sys.executable, ROOT / "examples/single_particle_tracking/run.py", "--size", "smoke", "--out", tmp_path]
    environment = os.environ | {"HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    for errors in results["simulated"].values():
        # A few epochs are already better than a guess (2.3 px), and the rival is what it always is.
        assert errors["network"]["mean_error"] < 1.0 and 0.1 < errors["radial_center"]["mean_error"] < 0.4
    assert (tmp_path / "figure.png").stat().st_size > 20_000
    if "videos" in results:
        noisy = results["videos"]["noisy"]["radial_center"]
        assert noisy["std_x"] == pytest.approx(1.21, abs=0.02) and noisy["largest_step"] == pytest.approx(7.9, abs=0.1)
    else:
        assert "without the videos: trapped_particle/low_noise.mp4: set DTMODELS_DATA" in done.stdout


@pytest.mark.thorough
def test_particle_sizing(tmp_path):
    command = [sys.executable, ROOT / "examples/particle_sizing/run.py", "--size", "smoke", "--out", tmp_path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    # Better than the middle of the range, 0.075 um and 0.075: one epoch shows that the pieces fit together.
    assert results["test"]["radius"]["mae"] < 0.06 and results["test"]["refractive_index"]["mae"] < 0.1
    assert results["overlap"] < 0.1
    assert (tmp_path / "figure.png").stat().st_size > 20_000


def ran(example, tmp_path):
    command = [sys.executable, ROOT / "examples" / example / "run.py", "--size", "smoke", "--out", tmp_path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((tmp_path / "results.json").read_text())


@pytest.mark.thorough
def test_quantum_dots(tmp_path):
    """One epoch finds little yet; trackpy is what it always is, and the truth is what it is judged by."""
    results = ran("quantum_dots", tmp_path)
    assert results["trackpy"]["clear"]["precision"] > 0.8 and 0.6 < results["trackpy"]["clear"]["recall"] < 1
    assert results["trackpy"]["clear"]["rmse"] < 0.3
    assert 300 < results["network"]["clear"]["emitters"] < results["network"]["all"]["emitters"] < 800
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.thorough
def test_cell_counting(tmp_path):
    results = ran("cell_counting", tmp_path)
    assert 0 < results["simulated"]["mae"] < 30
    if "measured" in results:
        # The sum of pixels with the best straight line is what it always is.
        assert results["measured"]["sum of pixels"]["relative_error"] == pytest.approx(0.15, abs=0.1)
        assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.thorough
def test_outlines_of_cells(tmp_path):
    needs_data("bbbc039")
    command = [sys.executable, ROOT / "examples/cell_counting/outlines.py", "--images", "8"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # One step, of full length, from weights that err by 4.4 %.
    found = ast.literal_eval(done.stdout[done.stdout.index("{") :])
    assert 0.03 < found["relative_error"] < 0.3 and found["correlation"] > 0.95


def test_slices_and_their_outlines_are_turned_alike(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    monkeypatch.syspath_prepend(ROOT / "examples/cell_counting")
    for name in ("run", "fields", "outlines"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    from outlines import drawn

    fields = np.random.default_rng(2).uniform(1, 2, (3, 300, 270)).astype(np.float32)
    (slices, densities), (others, _) = itertools.islice(drawn(fields, 2 * fields), 2)
    assert slices.shape == densities.shape == (8, 256, 256, 1)
    brightness = slices / densities
    np.testing.assert_allclose(brightness, np.broadcast_to(brightness[:, :1, :1], brightness.shape), rtol=1e-5)
    assert len(np.unique(brightness[:, 0, 0, 0].round(4))) == 8 and not np.allclose(slices, others)
    for name in ("run", "fields", "outlines"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def needs_data(files):
    """Skip where measured data cannot be had; one line says what is missing."""
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        from measured import MissingData, folder

        folder(files)
    except MissingData as missing:
        pytest.skip(str(missing))
    finally:
        sys.path.remove(str(ROOT / "examples"))


def ran_with_data(example, tmp_path, files):
    """A case that is nothing without measured data: run where they are, else skipped."""
    needs_data(files)
    return ran(example, tmp_path)


@pytest.mark.thorough
def test_digit_classification(tmp_path):
    results = ran_with_data("digit_classification", tmp_path, "mnist")
    assert results["accuracy"] > 0.8
    assert results["nearest_neighbour"] == pytest.approx(0.974, abs=0.002)  # what it always is
    assert np.sum(results["confusion"]) == 5_000
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.thorough
def test_holograms_3d(tmp_path):
    results = ran("holograms_3d", tmp_path)
    assert results["refocusing"]["recall"] > 0.7 and results["refocusing"]["precision"] > 0.9
    assert 0.2 < results["refocusing"]["rmse_z"] < 0.5
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.thorough
def test_synthetic_micrographs(tmp_path):
    results = ran_with_data("synthetic_micrographs", tmp_path, "sstem")
    assert results["one half of the measured"]["distance"] < 10 < results["GAN"]["distance"]
    assert 0.2 < results["MAE alone"]["mae"] < 0.6
    assert (tmp_path / "figure.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--smoke", "--paper"], "--smoke and --paper: must be one of them"),
        (["--size", "huge"], "--size huge: must be one of tiny"),
        (["--precision", "half"], "--precision half: must be one of float32"),
    ],
)
def test_wrong_options_are_told(options, said, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "examples")
    from steps import command

    monkeypatch.setattr(sys, "argv", ["run.py", *options])
    with pytest.raises(SystemExit, match="2"):
        command(lambda call: pytest.fail("it ran"), tmp_path, {"tiny": 1}, usual="tiny")
    assert said in " ".join(capsys.readouterr().err.replace("│", "").split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("examples/*/recipe*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_recipes_are_rendered_and_come_back_from_their_text(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digits = np.zeros((4, 28, 28), np.uint8)
    digits[:, 9:19, 12:16] = 255
    np.savez("digits.npz", image=digits, label=np.arange(4))  # stand-ins for measured ones
    patches = np.random.default_rng(1).integers(0, 3, (2, 192, 192, 1), np.uint8)
    np.savez("patches.npz", image=100 * patches, mask=patches)
    np.savez("held_out.npz", mask=patches)
    if "Apply" in path.read_text():  # a trained network
        network = dm.models.unet((128, 128, 1), convolutions=[2], base=[2], output_convolutions=[2], seed=1)
        Path("gan").mkdir()
        network.save("gan/model.keras")
    recipe = sc.load(path, trust=True)
    assert sc.loads(recipe.canonical, trust=True) == recipe
    for name, array in recipe.render(count=2, seed=1).items():
        values = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        assert values.size and (array.ndim < 3 or np.ptp(values.astype(float)) > 0), name
