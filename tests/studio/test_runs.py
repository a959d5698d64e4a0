"""Runs as files: histories, evaluations, what a network said of watched frames; forms and drawings of networks."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from dtmodels.models import KINDS
from studio.errors import ConflictError, StudioError
from studio.project import Project
from studio.training import diagram, forms, runs, watch
from studio.training.file import TrainingFile

ROWS = 500


def write_run(project: Path, name: str = "a", epochs: int = ROWS, **record: object) -> runs.Run:
    folder = project / "runs" / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"format": "dtmodels-run/1", "weights": 98178, **record}))
    epoch = np.arange(1, epochs + 1)
    lines = [f"{k},{3 / k},{2 / k},{2.5 / k},0.001,1.5" for k in epoch]
    (folder / "history.csv").write_text(
        "\n".join(["epoch,loss,euclidean_error,val_loss,learning_rate,seconds", *lines, ""])
    )
    return runs.run(project, f"runs/{name}")


def test_a_history_of_500_epochs_is_read_in_no_time(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    began = time.perf_counter()
    columns = runs.history(run)
    assert time.perf_counter() - began < 0.3
    assert len(columns["epoch"]) == ROWS
    assert columns["val_loss"][-1] == pytest.approx(0.005)
    assert runs.metrics(columns) == ["loss", "euclidean_error"]


def test_a_history_that_grows_is_read_again_and_half_a_line_is_not(tmp_path: Path) -> None:
    run = write_run(tmp_path, epochs=2)
    assert len(runs.history(run)["epoch"]) == 2
    with (run.folder / "history.csv").open("a") as file:
        file.write("3,1,1,1,0.001,1.5\n4,1")
    assert list(runs.history(run)["epoch"]) == [1, 2, 3]


def test_runs_are_found_and_broken_ones_told(tmp_path: Path) -> None:
    write_run(tmp_path, "a", finished=True, best={"epoch": 3, "val_loss": 0.5})
    write_run(tmp_path, "b")
    (tmp_path / "runs/b/run.json").write_text("{")
    found = {run.name: run for run in runs.runs(tmp_path)}
    assert found["a"].finished
    assert found["a"].best == "0.5 at epoch 3"
    assert "cannot be read" in found["b"].note
    assert "no run here any more" in runs.run(tmp_path, "runs/c").note
    assert runs.history(runs.run(tmp_path, "runs/c")) == {}
    assert runs.free_name(tmp_path) == "runs/run-1"


@pytest.mark.parametrize(
    ("target", "gives"),
    [
        ({"kind": "points", "shape": [2], "description": "points"}, "numbers"),
        ({"kind": "mask", "shape": [64, 64, 1], "description": "mask >> DiskMask"}, "particles"),
        ({"kind": "mask", "shape": [64, 64, 3], "description": "SemanticMask"}, "masks"),
        ({"kind": "mask", "shape": [64, 64, 1], "description": "InstanceMask"}, "masks"),
        ({"kind": "image", "shape": [64, 64, 1], "description": "GaussianDensity"}, "counts"),
        ({"kind": "image", "shape": [64, 64, 1], "description": "Brightfield"}, "images"),
        ({"kind": "image", "shape": [64, 64, 9], "description": "x", "z": [0, 9]}, "particles"),
    ],
)
def test_what_a_run_gives_is_told_without_keras(tmp_path: Path, target: dict, gives: str) -> None:
    assert write_run(tmp_path, epochs=1, targets=[{"name": "t", **target}]).gives == gives


def test_smoothing_keeps_constants_and_ends(tmp_path: Path) -> None:
    assert np.allclose(runs.smoothed(np.full(9, 3.0), 0.9), 3)
    values = np.array([1.0, np.nan, 2.0, 8.0])
    assert runs.smoothed(values, 0)[3] == 8
    assert 2 < runs.smoothed(values, 0.5)[3] < 8


def test_an_evaluation_against_a_property(tmp_path: Path) -> None:
    folder = tmp_path / "evaluation"
    folder.mkdir()
    rng = np.random.default_rng(1)
    snr = rng.uniform(1, 10, 10_000)
    lines = [f"{k},5,{1 / s},{0.1 / s},{s}" for k, s in enumerate(snr)]
    (folder / "examples.csv").write_text("\n".join(["example,y_true,network_error,y_network_difference,snr", *lines]))
    (folder / "numbers.json").write_text(json.dumps({"contenders": ["network"], "unit": "px"}))
    began = time.perf_counter()
    found = runs.evaluated(folder)
    centres, means, low, high = runs.binned(found.columns["snr"], found.columns["network_error"])
    assert time.perf_counter() - began < 1.0  # with the import of pandas
    assert found.errors() == {"error": ["network_error"], "y difference": ["y_network_difference"]}
    assert found.properties == ["y_true", "snr"]
    assert np.allclose(means, 1 / centres, rtol=0.15)
    assert np.all(low <= means) and np.all(means <= high * 1.01)
    with pytest.raises(StudioError, match="cannot be read"):
        runs.evaluated(tmp_path / "nothing")


def test_watched_frames_with_the_truth_beside(tmp_path: Path) -> None:
    run = write_run(tmp_path, epochs=2)
    frames = tmp_path / ".studio" / "watch"
    frames.mkdir(parents=True)
    np.save(frames / "v.npy", np.random.default_rng(1).normal(size=(3, 20, 20, 1)))
    np.save(frames / "v.places.npy", np.full((3, 1, 2), 7.0))
    (run.folder / "training.yaml").write_text(yaml.safe_dump({"fit": {"watch": {"frames": ".studio/watch/v.npy"}}}))
    (run.folder / "watch").mkdir()
    for epoch in (1, 2):
        (run.folder / "watch" / f"epoch_{epoch:05d}.csv").write_text("frame,y,x\n0,3,4\n1,5,6\n2,7,8\n")
    assert runs.watched(run) == [1, 2]
    sheet = watch.sheet(run, tmp_path, 2)
    assert len(sheet) == 3
    assert 'cx="4.50" cy="3.50"' in sheet[0]
    assert "M" in sheet[0] and "<path" in sheet[0]
    with pytest.raises(StudioError, match="after epoch 9"):
        watch.said(run, 9)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_network_has_a_form_and_a_drawing(kind: str) -> None:
    arguments = forms.arguments(kind)
    assert {"outputs", "seed"} <= {one.name for one in arguments}
    assert all(one.meaning for one in arguments)
    assert forms.about(kind).startswith(("Network", "U-Net", "Encoder", "Generator", "Encoder"))
    shape = (8, 64, 64, 1) if kind == "recurrent" else (64, 64, 1)
    drawing = diagram.drawing({"kind": kind}, shape)
    assert drawing.startswith("<svg")
    assert drawing.count("<rect") == len(diagram.layers({"kind": kind}, shape))


def test_a_mapping_is_read_as_it_is_written() -> None:
    value = {"z": [2, 30], "planes": 28, "wavelength": 0.633}
    assert forms.written(value) == "z: [2, 30], planes: 28, wavelength: 0.633"
    assert forms.mapping(forms.written(value)) == forms.mapping("{z: [2, 30], planes: 28, wavelength: 0.633}") == value
    assert forms.mapping(" ") is None and forms.written(None) == ""
    for text in ("planes", "[2, 30]", "z: [2", "planes: "):
        with pytest.raises(ValueError, match="must be names and values"):
            forms.mapping(text)


CASES = [
    ("{kind: dense}", (28, 28, 1), 6_578_010),
    ("{kind: cnn}", (51, 51, 1), 98_178),
    (
        "{kind: cnn, convolutions: [32, 64, 128], convolutions_per_pooling: 2, dense: [64, 64], outputs: 5}",
        (64, 64, 2),
        815_557,
    ),
    ("{kind: unet}", (128, 128, 1), 389_521),
    ("{kind: unet, convolutions: [32, 64, 128], output_convolutions: [64, 64], outputs: 56}", (128, 128, 1), 969_592),
    (
        "{kind: unet, convolutions: [32, 64, 128], output_convolutions: [64, 64], outputs: 56, refocus: {planes: 28}}",
        (128, 128, 1),
        985_432,
    ),
    (
        "{kind: unet, convolutions: [8, 16, 32, 64], base: [64, 64], output_convolutions: [8, 8]}",
        (256, 256, 1),
        224_777,
    ),
]


@pytest.mark.parametrize(("section", "shape", "weights"), CASES)
def test_weights_are_those_of_the_papers_networks(section: str, shape: tuple[int, ...], weights: int) -> None:
    assert (
        diagram.weights(yaml.safe_load(section), shape) == weights
    )  # as docs/networks.md has them, and dtmodels builds them


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "shape"),
    [
        (
            "{kind: cnn, convolutions: [4, 6], convolutions_per_pooling: 2, dense: [5], outputs: 3, kernel_size: 5}",
            (20, 24, 2),
        ),
        ("{kind: cnn, convolutions: [4, 6], input_pooling: 3}", (40, 36, 1)),
        ("{kind: dense, dense: [7, 5], outputs: 3}", (6, 5, 1)),
        (
            "{kind: unet, convolutions: [4, 6], base: [8], output_convolutions: [3], convolutions_per_pooling: 2}",
            (16, 16, 1),
        ),
        ("{kind: encoder_decoder, convolutions: [4, 6], base: [8, 8], outputs: 2, output_kernel_size: 1}", (16, 16, 3)),
    ],
)
def test_weights_are_those_of_the_networks_that_dtmodels_builds(section: str, shape: tuple[int, ...]) -> None:
    from dtmodels.models import build

    values = yaml.safe_load(section)
    assert diagram.weights(values, shape) == build(values, shape).count_params()


@pytest.mark.parametrize(
    "section", [{}, {"kind": "cnm"}, {"kind": "cnn", "convolutions": "x"}, {"kind": "cnn", "dense": None}]
)
def test_what_is_no_network_has_no_drawing(section: dict) -> None:
    assert diagram.drawing(section, (51, 51, 1)) == ""
    assert diagram.weights(section, (51, 51, 1)) is None


def test_sizes_are_read_as_they_are_typed() -> None:
    assert forms.sizes("16, 32 64") == [16, 32, 64]
    assert forms.sizes("[8]") == [8]
    with pytest.raises(ValueError, match="'x'"):
        forms.sizes("16, x")


def test_the_training_file_is_saved_at_once_and_never_over_another(tmp_path: Path) -> None:
    project = Project(tmp_path)
    one, other = TrainingFile(project), TrainingFile(project)
    assert not one.exists
    one.set(("fit", "epochs"), 5)
    assert one.exists
    assert "epochs: 5" in (tmp_path / "training.yaml").read_text()
    assert other.changed()
    with pytest.raises(ConflictError):
        other.set(("fit", "epochs"), 9)
    assert "epochs: 5" in (tmp_path / "training.yaml").read_text()
    name = other.keep_beside()
    assert "epochs: 9" in (tmp_path / name).read_text()
    assert other.get("fit", "epochs") == 5


def test_a_training_file_that_is_broken_is_told_and_can_be_mended(tmp_path: Path) -> None:
    (tmp_path / "training.yaml").write_text("format: dtmodels-training/1\nmodel: {kind: cnm}\n")
    file = TrainingFile(Project(tmp_path))
    assert "model.kind: 'cnm'" in str(file.error)
    file.set(("model", "kind"), "cnn")
    assert file.error is None
    (tmp_path / "training.yaml").write_text("model: {")
    file.load()
    assert "not YAML" in str(file.error)
    assert file.get("fit", "epochs", default=3) == 3


def test_opening_changes_no_byte(tmp_path: Path) -> None:
    text = "format:   dtmodels-training/1 # mine\nmodel:  {kind: cnn,   outputs: 2}\n"
    (tmp_path / "training.yaml").write_text(text)
    file = TrainingFile(Project(tmp_path))
    file.set_all({("model", "outputs"): 2})
    assert (tmp_path / "training.yaml").read_text() == text
