"""Generate and Train as they are built for a window, without the window: what a file says never takes the page away."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import Client, ui
from nicegui.page import page

from studio.errors import ProjectError, StudioError
from studio.jobs import Jobs
from studio.pages.comparison import _enlarge
from studio.pages.generate import Generate
from studio.pages.job_list import JobList
from studio.pages.train import Train
from studio.project import Project
from studio.remembered import Remembered
from studio.running.job import Order
from studio.running.places import place
from studio.training.file import TrainingFile

HEAD = "format: dtmodels-training/1\n"


class Told:
    """A studio that starts no jobs and keeps what is said to the user."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)
        self.jobs = Jobs(self.project, watch=False)
        self.jobs._closed.set()
        self.said: list[str] = []

    def notify(self, message: str, mood: str = "info") -> None:
        self.said.append(message)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Any]:
    client = Client(page("/"))
    with client:
        yield Told(tmp_path)
    client.delete()


def texts(box: ui.element) -> str:
    return " | ".join(one.text for one in box.descendants() if isinstance(one, ui.label))


def field(box: ui.element, label: str) -> Any:
    [found] = [one for one in box.descendants() if one.props.get("label") == label]
    return found


BROKEN = [
    "fit: {schedule: cosin}",
    "fit: {schedule: {cosine: 5}}",
    "fit: {keep: first}",
    "fit: {keep: [best]}",
    "data: {targets: 5}",
    "data: {targets: [position, 5]}",
    "data: {inputs: [a, b]}",
    "data: {inputs: }",
    "data: 3",
    "fit: {metrics: 5}",
    "fit: {metrics: mae}",
    "fit: {metrics: [{5: 1}, null]}",
    "fit: {loss: {}}",
    "fit: {optimizer: {adam: {learning_rate: fast}}}",
    "fit: {epochs: many, seed: .nan, batch_size: .inf}",
    "fit: {watch: {frames: a.tif, every: often}}",
    "fit: {watch: 5}",
    "fit: [1]",
    "model: {kind: cnn, dense: 32}",
    "model: {kind: cnn, dense: {a: 1}}",
    "model: {kind: cnn, activation: [relu]}",
    "model: {kind: cnn, outputs: -1}",
    "model: {kind: unet, outputs: -1, convolutions: [-3, .inf]}",
    "model: {kind: [cnn]}",
    "model: {kind: cnm}",
    "model: cnn",
    "model: {",
    "fit: {seed: 2026-13-45}",
]


@pytest.mark.parametrize("line", BROKEN)
def test_a_value_that_cannot_be_is_told_and_the_page_stays(studio: Any, line: str) -> None:
    (studio.project.folder / "training.yaml").write_text(f"{HEAD}{line}\n")
    train = Train(studio)
    assert train.file.error or "model: {kind: " in line  # dtmodels looks at sizes when it builds the network
    assert (train.file.error or "") in texts(train.form_box)
    assert field(train.form_box, "Epochs")  # the form itself, not its stand-in
    assert (studio.project.folder / "training.yaml").read_text() == f"{HEAD}{line}\n"


def test_a_form_that_cannot_be_built_leaves_the_page(studio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("no such thing")

    monkeypatch.setattr("studio.pages.train.TrainingForm", broken)
    train = Train(studio)
    assert "training.yaml: cannot be shown as a form: no such thing" in texts(train.form_box)
    train.save({("fit", "epochs"): 3})
    assert "epochs: 3" in (studio.project.folder / "training.yaml").read_text()


def test_metrics_keep_their_arguments(studio: Any) -> None:
    (studio.project.folder / "training.yaml").write_text(
        f"{HEAD}fit: {{metrics: [{{precision: {{thresholds: 0.3}}}}, mae]}}\n"
    )
    train = Train(studio)
    field(train.form_box, "Metrics").set_value(["precision", "recall"])
    assert train.file.get("fit", "metrics") == [{"precision": {"thresholds": 0.3}}, "recall"]


# -- the network ---------------------------------------------------------------------------------------------------


def test_the_network_follows_the_disk(studio: Any) -> None:
    path = studio.project.folder / "training.yaml"
    path.write_text(f"{HEAD}model: {{kind: cnn, dense: [32], outputs: 2}}\n")
    train = Train(studio)
    form = train.network.form
    before = field(form, "Dense")
    before.set_value("16, 8")
    assert "dense: [16, 8]" in path.read_text()
    assert field(form, "Dense") is before  # the field that one types in is not built anew
    path.write_text(path.read_text().replace("[16, 8]", "[64]"))
    train._look_at_disk()
    assert field(form, "Dense").value == "64"
    path.write_text(f"{HEAD}model: {{kind: cnm}}\n")
    train._look_at_disk()
    assert not list(form.descendants())
    path.write_text(f"{HEAD}model: {{kind: cnn, dense: [7]}}\n")
    train._look_at_disk()
    assert field(form, "Dense").value == "7"


def test_none_is_written_for_one_value_alone(studio: Any) -> None:
    path = studio.project.folder / "training.yaml"
    text = f"{HEAD}model:\n  kind: unet  # skips\n  output_activation: sigmoid  # a share\n"
    path.write_text(text)
    train = Train(studio)
    field(train.network.form, "Output activation").set_value(None)
    assert path.read_text() in (
        text.replace("sigmoid", "null"),
        text.replace("  output_activation: sigmoid  # a share\n", ""),
    )


# -- what comes of a training --------------------------------------------------------------------------------------


def made(studio: Any, name: str, history: str) -> Path:
    folder = Path(studio.project.folder) / "runs" / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"format": "dtmodels-run/1"}))
    (folder / "history.csv").write_text(history)
    (folder / "model.keras").touch()
    return folder


def test_a_history_without_epochs_is_told(studio: Any) -> None:
    made(studio, "a", "loss,val_loss\n1,2\n")
    curves = Train(studio).curves
    assert "runs/a: history.csv has no column epoch" in curves.message.label.text
    made(studio, "b", "epoch,loss\n1,2\n")
    curves.update()
    assert curves.chart.visible


def test_an_evaluation_that_was_made_again_is_shown(studio: Any) -> None:
    folder = made(studio, "a", "epoch,loss\n1,2\n") / "evaluation" / "test"
    folder.mkdir(parents=True)
    (folder / "numbers.json").write_text(json.dumps({"contenders": ["network"]}))
    (folder / "examples.csv").write_text("example,network_error,snr\n0,1,5\n")
    against = Train(studio).against
    assert against.found and list(against.found.columns["network_error"]) == [1]
    (folder / "examples.csv").write_text("example,network_error,snr\n0,3,5\n")
    os.utime(folder / "examples.csv", ns=(1, 1))
    against.update_evaluations()
    assert list(against.found.columns["network_error"]) == [3]


def test_a_program_that_tells_no_progress_runs_for_some_time(studio: Any) -> None:
    shown = JobList(studio, ("evaluate", "train"))
    job = studio.jobs.add(Order("evaluate", "Evaluate", ("dtmodels", "evaluate")))
    (job.folder / "pid").touch()
    os.utime(job.folder / "pid", (time.time() - 200, time.time() - 200))
    assert shown._running(job) == "running for 3 min"


# -- saving --------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    disk = {"full": True}
    write = Project.write

    def refused(self: Project, name: str, text: str, based_on: str | None) -> str:
        if disk["full"]:
            raise ProjectError(f"{name}: not saved: No space left on device")
        return write(self, name, text, based_on)

    monkeypatch.setattr(Project, "write", refused)
    return disk


def test_what_the_disk_refused_is_saved_with_the_same_value(tmp_path: Path, full: dict[str, bool]) -> None:
    (tmp_path / "training.yaml").write_text(f"{HEAD}fit: {{epochs: 3}}\n")
    file = TrainingFile(Project(tmp_path))
    with pytest.raises(StudioError, match="No space left"):
        file.set(("fit", "epochs"), 5)
    assert file.unsaved
    full["full"] = False
    file.set(("fit", "epochs"), 5)
    assert "epochs: 5" in (tmp_path / "training.yaml").read_text()
    assert not file.unsaved
    assert not file.changed()


def test_what_the_disk_refused_is_tried_again_and_the_message_goes(studio: Any, full: dict[str, bool]) -> None:
    path = studio.project.folder / "training.yaml"
    path.write_text(f"{HEAD}fit: {{epochs: 3}}\n")
    train = Train(studio)
    train.save({("fit", "epochs"): 5})
    assert "No space left" in train.message.label.text
    full["full"] = False
    train._look_at_disk()
    assert "epochs: 5" in path.read_text()
    assert not train.message.box.visible


def test_what_is_not_saved_is_not_lost_to_another_program(studio: Any, full: dict[str, bool]) -> None:
    path = studio.project.folder / "training.yaml"
    path.write_text(f"{HEAD}fit: {{epochs: 3}}\n")
    train = Train(studio)
    train.save({("fit", "epochs"): 5})
    path.write_text(f"{HEAD}fit: {{epochs: 9}}\n")
    train._look_at_disk()
    assert train.conflict.visible
    assert train.file.get("fit", "epochs") == 5


# -- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "run: '.'; is the project folder itself"),
        ("runs/..", "is the project folder itself"),
        ("a/b/c", "run: 'a/b/c'; lies too deep: .* such as runs/run-1"),
        (".hidden/a", "begins with a dot"),
        (" ", "run: has no name; such as runs/run-1"),
        ("../a", "lies outside the project folder"),
    ],
)
def test_a_run_that_would_not_be_listed_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(StudioError, match=message):
        place(Project(tmp_path), name, "run", "runs/run-1")


def test_names_that_are_listed_are_taken(tmp_path: Path) -> None:
    for name, found in (("a", "a"), ("runs/a", "runs/a"), (" ./runs//a ", "runs/a")):
        assert place(Project(tmp_path), name, "run", "runs/run-1") == found


def test_train_refuses_the_project_folder(studio: Any) -> None:
    train = Train(studio)
    train.dataset.set_options(["train.zarr"], value="train.zarr")
    train.run_name.set_value(".")
    train._start()
    assert "is the project folder itself" in train.message.label.text
    assert studio.jobs.all() == []
    train.run_name.set_value("./runs/a")
    train._start()
    [job] = studio.jobs.all()
    assert job.order.target == "runs/a"


def test_generate_refuses_what_would_not_be_listed(studio: Any) -> None:
    generate = Generate(studio)
    generate.name.set_value("x/y/z")
    with pytest.raises(StudioError, match=r"dataset: 'x/y/z\.zarr'; lies too deep"):
        generate._asked()
    generate.name.set_value("s3://bucket/x/y/z.zarr")
    assert generate._asked().path == "s3://bucket/x/y/z.zarr"


def test_a_plan_can_be_stopped(studio: Any) -> None:
    (studio.project.folder / "recipe.yaml").write_text("format: simcore-recipe/1\noutputs: {a: uniform(0, 1)}\n")
    built = Generate(studio)
    built._start_plan()
    assert built.stop_button.visible and built._plan is not None
    built._stop_plan()
    built._look_at_plan()
    assert not built.stop_button.visible and built._plan is None
    assert built.message.label.text == "the plan was stopped" and not studio.jobs.all()


def test_processes_are_for_this_machine(studio: Any) -> None:
    generate = Generate(studio)
    generate.processes.set_value(True)
    assert generate.processes.enabled
    generate.place.set_value("cluster")
    generate.where.set_value("cluster.yaml")
    assert not generate.processes.enabled
    assert "--processes" not in generate._asked().generate().command


def test_the_name_of_a_folder_is_no_markup(studio: Any) -> None:
    name = 'x" onclick="alert(1)" y=".zarr'
    (studio.project.folder / name).mkdir()
    (studio.project.folder / name / "zarr.json").write_text("{")
    generate = Generate(studio)
    [choice] = [one for one in generate.datasets_box.descendants() if "data-dataset" in one.props]
    assert choice.props["data-dataset"] == name
    assert "onclick" not in choice.props


def test_the_name_of_a_figure_is_no_markup(studio: Any) -> None:
    path = studio.project.folder / 'a" onerror="alert(1).png'
    path.write_bytes(b"x")
    _enlarge(path)
    [shown] = [
        one.content for one in ui.context.client.elements.values() if isinstance(one, ui.html) and "<img" in one.content
    ]
    assert 'alt="a&quot; onerror=&quot;alert(1)"' in shown


@pytest.mark.parametrize(
    ("kept", "default", "found"),
    [(50000.0, 10_000, 50_000), (0.5, 1, 0.5), (1, 0.0, 1), ("a", 1, 1), (float("nan"), 1, 1), (True, False, True)],
)
def test_numbers_are_remembered_as_fields_give_them(tmp_path: Path, kept: Any, default: Any, found: Any) -> None:
    project = Project(tmp_path)
    (project.own / "form.json").write_text(json.dumps({"count": kept}))
    got = Remembered(project, "form").get("count", default)
    assert got == found
    assert type(got) is type(found)
