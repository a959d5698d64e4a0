"""The networks that come with the package: small, whole, and as good on fresh draws of their recipe as their example says."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dtmodels as dm
import simcore as sc
from dtmodels import cli
from dtmodels.pretrained import open_pretrained, pretrained_names

ROOT = Path(__file__).parents[2]
NAMES = pretrained_names()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept(name):
    run = open_pretrained(name)
    assert run.finished and run.history["val_loss"].notna().all()
    assert (run.directory / "model.keras").stat().st_size < 5e6
    assert run.model.count_params() == run.record["weights"]
    assert (run.directory / "training.yaml").read_text().startswith("format: dtmodels-training/1")
    for file in ("run.json", "history.csv", "training.yaml"):
        assert not re.search(r"(?:^|[\s\"'])/\w+/", (run.directory / file).read_text()), "a path of some machine"


def rendered(recipe, count, seed=20):
    return sc.load(ROOT / "examples" / recipe).render(count=count, seed=seed)


def test_particle_sizing():
    fields = rendered("particle_sizing/recipe.yaml", 200)
    table = dm.predict(open_pretrained("particle_sizing"), fields["image"])
    assert np.abs(table["radius"] - fields["radius"]).mean() < 0.008
    assert np.abs(table["refractive_index"] - fields["refractive_index"]).mean() < 0.02


def test_quantum_dots():
    """A dozen images; most emitters are found, and what is found is there (recall 0.91, precision 0.98 on 500)."""
    images = rendered("quantum_dots/recipe.yaml", 12)
    table = dm.predict(open_pretrained("quantum_dots"), images["image"], threshold=0.8, input={"normalize": "none"})
    found = [table.loc[table["frame"] == k, ["y", "x"]].to_numpy() for k in range(12)]
    inside = (np.nan_to_num(images["position"], nan=-9) > -0.5).all(-1) & (images["position"] < 127.5).all(-1)
    true = [places[kept] for places, kept in zip(images["position"], inside, strict=True)]
    scores = dm.matching.detection_scores(true, found, radius=3)
    assert scores.recall > 0.8 and scores.precision > 0.93


def test_cell_counting():
    """Frames as a camera counts them, larger than the network's (2.7 % on simulated images)."""
    images = rendered("cell_counting/recipe.yaml", 12)
    wide = np.concatenate(np.split(images["image"], 2), axis=2)
    table = dm.predict(open_pretrained("cell_counting"), 1000 * wide + 300, output="counts")
    true = images["density"].sum(axis=(1, 2, 3)).reshape(2, 6).sum(axis=0)
    assert np.abs(table["count"] - true).mean() < 0.06 * true.mean()


def test_single_particle_tracking():
    """On fresh draws of the recipe for the videos (0.05 px on its validation), in frames of twice the size."""
    images = rendered("single_particle_tracking/recipe_videos.yaml", 300)
    frames = np.repeat(np.repeat(images["image"], 2, axis=1), 2, axis=2)
    table = dm.predict(open_pretrained("single_particle_tracking"), frames)
    error = np.hypot(*(table[["y", "x"]].to_numpy() - (2 * images["position"] + 0.5)).T)
    assert error.mean() < 2 * 0.12


def test_holograms_3d():
    """Eight holograms; most spheres are found at their heights (recall and precision 0.99 on 200)."""
    holograms = rendered("holograms_3d/recipe.yaml", 8)
    table = dm.predict(open_pretrained("holograms_3d"), holograms["image"], threshold=0.9, minimal_area=5)
    found = [table.loc[table["frame"] == k, ["z", "y", "x"]].to_numpy() for k in range(8)]
    true = [places[np.isfinite(places[:, 0])] for places in holograms["position"]]
    hits = sum(len(dm.matching.match(*pair, np.array([1.5, 3, 3]))[0]) for pair in zip(true, found, strict=True))
    assert hits > 0.9 * sum(map(len, true)) and hits > 0.9 * len(table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--pretrained", "cell_counting", "frames.npy", "--unit", "0"],
            "input: normalize.unit: 0.0; Input should be greater than 0",
        ),
        (
            ["--pretrained", "particle_sizes", "frames.npy"],
            "pretrained: 'particle_sizes'; must be one of ",
        ),
        (["--pretrained", "particle_sizing", "run", "frames.npy"], "predict: run frames.npy; must be FRAMES"),
        (["frames.npy"], "predict: frames.npy; must be RUN FRAMES"),
    ],
)
def test_wrong_names_are_one_line(capsys, arguments, message):
    with pytest.raises(SystemExit, match="1"):
        cli.main(["predict", *arguments])
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and message in line


def test_a_camera_that_counts_twice_as_much(tmp_path, capsys):
    frame = 1000 * rendered("cell_counting/recipe.yaml", 1)["image"]
    counts = []
    for gain in (1, 2):
        np.save(tmp_path / "frame.npy", gain * frame + 300)
        frames = str(tmp_path / "frame.npy")
        with pytest.raises(SystemExit, match="0"):
            cli.main(["predict", "--pretrained", "cell_counting", frames, "--unit", str(1000 * gain)])
        counts.append(float(capsys.readouterr().out.splitlines()[1].split(",")[1]))
    assert counts[1] == pytest.approx(counts[0], rel=1e-3)


@pytest.mark.thorough
def test_from_the_command_line(tmp_path):
    np.save(tmp_path / "fields.npy", rendered("particle_sizing/recipe.yaml", 3)["image"])
    command = [sys.executable, "-m", "dtmodels.cli", "predict", "--pretrained", "particle_sizing", "fields.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "frame,radius,refractive_index" and len(done.stdout.splitlines()) == 4
