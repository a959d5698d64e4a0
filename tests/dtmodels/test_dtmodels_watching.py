"""Measured frames during a training: looked at every few epochs, never in its way."""

import numpy as np
import pandas as pd
import pytest
from spots import SIZE, spots
from test_dtmodels_cli import call

import dtmodels as dm

TRAINING = """
format: dtmodels-training/1
data:   {inputs: image, targets: position, validation: 0.1}
input:  {grey: true, resize: [21, 21]}
model:  {kind: cnn, convolutions: [4], dense: [8], outputs: 2}
fit:    {loss: mae, epochs: 3, seed: 4, watch: {frames: FRAMES, every: 2, count: 5}}
"""


@pytest.fixture(scope="module")
def parts(datasets):
    return dm.open_dataset(datasets[0], inputs="image", targets="position")[:128].split(0.25)


def trained(parts, directory, **more):
    model = dm.models.cnn((SIZE, SIZE, 1), convolutions=(4,), dense=(8,), outputs=2, seed=3)
    return dm.fit(model, *parts, epochs=3, batch_size=32, directory=directory, **more)


def test_positions_are_kept_by_epoch_and_nothing_else_changes(parts, tmp_path):
    np.save(tmp_path / "frames.npy", spots(9, 5)["image"])
    watched = trained(parts, tmp_path / "a", watch={"frames": str(tmp_path / "frames.npy"), "every": 1, "count": 4})
    plain = trained(parts, tmp_path / "b")
    for ours, theirs in zip(watched.model.get_weights(), plain.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    names = sorted(path.name for path in (tmp_path / "a" / "watch").iterdir())
    assert names == [f"epoch_0000{k}.{end}" for k in (1, 2, 3) for end in ("csv", "png")]
    best = watched.record["best"]["epoch"]
    kept = pd.read_csv(tmp_path / "a" / "watch" / f"epoch_0000{best}.csv")
    expected = dm.predict(watched, tmp_path / "frames.npy")
    pd.testing.assert_frame_equal(kept, expected[expected["frame"] < 4], check_exact=False, rtol=1e-4)


def test_a_failure_is_one_warning_and_the_training_goes_on(parts, tmp_path):
    with pytest.warns(UserWarning) as warned:
        run = trained(parts, tmp_path / "run", watch={"frames": str(tmp_path / "none.mp4"), "every": 1})
    lines = [str(one.message) for one in warned if "watch" in str(one.message)]
    assert lines == [f"fit.watch: {tmp_path / 'none.mp4'}: no such file; the training goes on without it"]
    assert len(run.history) == 3 and run.finished


@pytest.mark.parametrize("frames", ["frames.npy", pytest.param("none.tif", marks=pytest.mark.thorough)])
def test_from_a_training_file(datasets, tmp_path, capsys, frames):
    np.save(tmp_path / "frames.npy", spots(9, 5)["image"])
    (tmp_path / "training.yaml").write_text(TRAINING.replace("FRAMES", str(tmp_path / frames)))
    assert call("train", tmp_path / "training.yaml", "--data", datasets[0], "--out", tmp_path / "run") == 0
    error = capsys.readouterr().err
    if frames == "none.tif":
        assert error.count("warning: fit.watch") == 1
        assert "none.tif: no such file; the training goes on without it" in error
        return
    assert "warning: fit.watch" not in error
    assert len(pd.read_csv(tmp_path / "run" / "watch" / "epoch_00002.csv")) == 5
    assert not (tmp_path / "run" / "watch" / "epoch_00003.csv").exists()
