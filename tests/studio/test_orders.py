"""The command lines of the studio are understood by the programs they are for."""

import pytest
from typer.main import get_command

import dtmodels.cli
from simcore.cli import app as simcore_app
from studio.errors import StudioError
from studio.running import orders
from studio.running.job import Order

PROGRAMS = {
    "simcore": get_command(simcore_app.app if hasattr(simcore_app, "app") else simcore_app),
    "dtmodels": get_command(dtmodels.cli.app),
}
EVERYTHING = orders.Dataset("a.zarr", 10, 3, "test", 2, True, "zstd:5", 128, 64, "cluster.yaml", "", True)
ORDERS = [
    EVERYTHING.generate(),
    EVERYTHING.plan(),
    orders.Dataset("a.zarr", 10, scheduler="tcp://127.0.0.1:8786").generate(),
    orders.train("a.zarr", "runs/a", 3),
    orders.train("a.zarr", "runs/a", 3).again(),
    orders.Prediction("runs/a", "measured/v.mp4").order(),
    orders.Prediction("runs/a", "measured/v.mp4", "particles", 0.3, "maxima", 2.5, 4, 5.0, 2, "64,64").order(),
    orders.Prediction("runs/a", "measured/v.tif", "masks").order(),
    orders.evaluate("runs/a", "test.zarr", ["snr", "z"]),
    orders.evaluate("runs/a", "other/test.zarr", []),
    orders.compare(["runs/a", "runs/b", "radial_center"], "test.zarr", ["snr"]),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.kind}-{len(order.command)}")
def test_the_program_understands_it(order: Order) -> None:
    program, *arguments = order.command
    group = PROGRAMS[program]
    name, command, rest = group.resolve_command(
        group.make_context(program, [], resilient_parsing=True), list(arguments)
    )
    assert name == arguments[0]
    command.make_context(name, list(rest))


def test_a_usual_call_is_what_one_would_type() -> None:
    assert orders.Dataset("train.zarr", 1000, split="train").generate().line == (
        "simcore generate '{job}/recipe.yaml' train.zarr --count 1000 --seed 1 --split train --json"
    )
    assert orders.Prediction("runs/a", "measured/v.mp4").order().line == (
        "dtmodels predict runs/a measured/v.mp4 --out results/measured_v.mp4/a.csv"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"path": " "}, "has no name"),
        ({"count": 0}, "count: 0; must be 1 example or more"),
        ({"seed": -1}, r"seed: -1; must lie in"),
        ({"workers": 0}, "workers: 0"),
        ({"cluster": "a.yaml", "scheduler": "tcp://x"}, "one of them at most"),
    ],
)
def test_what_cannot_be_is_refused(values: dict, message: str) -> None:
    with pytest.raises(StudioError, match=message):
        orders.Dataset(**({"path": "a.zarr", "count": 10} | values))


def test_images_are_written_as_a_stack() -> None:
    assert orders.Prediction("runs/a", "measured/v.mp4", own="masks").target() == "results/measured_v.mp4/a.tif"
    assert (
        orders.Prediction("runs/a", "measured/v.mp4", "particles", own="masks").target()
        == "results/measured_v.mp4/a.csv"
    )


def test_a_prediction_needs_run_frames_and_a_threshold() -> None:
    with pytest.raises(StudioError, match="needs a trained run"):
        orders.Prediction("", "v.mp4").order()
    with pytest.raises(StudioError, match=r"threshold: 1\.5"):
        orders.Prediction("runs/a", "v.mp4", threshold=1.5).order()
    with pytest.raises(StudioError, match="needs one run at least"):
        orders.compare(["trackpy"], "test.zarr", [])


@pytest.mark.parametrize("where", [{"cluster": "cluster.yaml"}, {"scheduler": "tcp://127.0.0.1:8786"}])
def test_workers_are_those_of_the_cluster(where: dict) -> None:
    asked = orders.Dataset("a.zarr", 10, workers=4, processes=True, **where)
    for order in (asked.generate(), asked.plan()):  # simcore refuses both together
        assert "--processes" not in order.command
        assert "--workers" not in order.command
    assert {"--processes", "--workers"} <= set(
        orders.Dataset("a.zarr", 10, workers=4, processes=True).generate().command
    )


def test_what_runs_elsewhere_is_not_paused() -> None:
    asked = [orders.Dataset("a.zarr", 10, workers=2), orders.Dataset("a.zarr", 10, cluster="c.yaml")]
    assert [one.generate().can_pause for one in asked] == [True, False]
    assert not orders.Dataset("a.zarr", 10, scheduler="tcp://127.0.0.1:8786").generate().can_pause


def test_results_of_different_things_lie_apart() -> None:
    of = [orders.Prediction(run, "measured/v.tif").target() for run in ("runs/a", "old/a")]
    assert of == ["results/measured_v.tif/a.csv", "results/measured_v.tif/old_a.csv"]
    of = [orders.Prediction("runs/a", frames).target() for frames in ("v.tif", "monday/v.tif", "tuesday/v.tif")]
    assert of == ["results/v.tif/a.csv", "results/monday_v.tif/a.csv", "results/tuesday_v.tif/a.csv"]
    folders = [
        orders.evaluation_folder("runs/a", data) for data in ("test.zarr", "other/test.zarr", "/disk/test.v2.zarr")
    ]
    assert folders == [f"runs/a/evaluation/{name}" for name in ("test", "other_test", "disk_test.v2")]
    assert orders.evaluate("runs/a", "other/test.zarr", []).command[-2:] == ("--out", folders[1])
    assert "--out" not in orders.evaluate("runs/a", "test.zarr", []).command
    compared = [
        orders.compare([run, "trackpy"], data, []).target for run, data in (("runs/a", "t.zarr"), ("b/a", "c/t.zarr"))
    ]
    assert compared == ["results/compared/a_trackpy_t", "results/compared/b_a_trackpy_c_t"]
