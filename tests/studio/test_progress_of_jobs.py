"""Progress is read from what the programs write."""

import json
from pathlib import Path

import pytest

from studio.running.job import Order, write_job
from studio.running.progress import Follower, Progress, duration, events, size


def job_in(project: Path, order: Order) -> tuple[Follower, object]:
    folder = project / ".studio" / "jobs" / "00001"
    folder.mkdir(parents=True)
    return Follower(project), write_job(folder, order, 0.0)


def test_examples_are_counted_by_the_commits_of_units(tmp_path: Path) -> None:
    follower, job = job_in(tmp_path, Order("generate", "x", ("simcore",), "a.zarr", 1000))
    assert follower.progress(job).done == 0
    commits = tmp_path / "a.zarr" / "shard_checksum"
    commits.mkdir(parents=True)
    metadata = {"attributes": {"simcore": {"metadata": {"count": 1000, "unit": 300}}}}
    (tmp_path / "a.zarr" / "zarr.json").write_text(json.dumps(metadata))
    (commits / "zarr.json").write_text("{}")
    told = []
    for unit in range(4):
        (commits / f"c.{unit}.0.0").write_bytes(b"x")
        told.append(follower.progress(job, now=float(unit)))
    assert [one.done for one in told] == [300, 600, 900, 1000]
    assert told[2].rate == pytest.approx(300)
    assert told[2].left == pytest.approx(1 / 3)
    assert told[2].share == 0.9
    assert str(told[2]) == "900 of 1,000 examples, 300 examples/s, 1 s left"
    assert str(told[3]) == "1,000 of 1,000 examples, 233 examples/s"


def test_epochs_are_the_rows_of_the_history(tmp_path: Path) -> None:
    follower, job = job_in(tmp_path, Order("train", "x", ("dtmodels",), "runs/a", 10))
    (tmp_path / "runs" / "a").mkdir(parents=True)
    history = tmp_path / "runs" / "a" / "history.csv"
    history.write_text("epoch,loss\n")
    follower.progress(job, now=0.0)
    history.write_text("epoch,loss\n1,2\n2,1\n")
    assert str(follower.progress(job, now=4.0)) == "2 of 10 epochs, 0.5 epochs/s, 16 s left"
    assert str(follower.progress(job, now=100.0)).startswith("2 of 10 epochs, 50 s each")  # it hangs, and that is seen


def test_frames_are_those_that_the_program_tells(tmp_path: Path) -> None:
    follower, job = job_in(tmp_path, Order("predict", "x", ("dtmodels",), "a.csv", 100))
    (tmp_path / ".studio/jobs/00001/errors").write_text("dtmodels: warning: x\n40 frames, 8 frames/s\n")
    assert follower.progress(job).done == 40


def test_events_pass_over_what_is_no_json(tmp_path: Path) -> None:
    _, job = job_in(tmp_path, Order("generate", "x", ("simcore",)))
    (tmp_path / ".studio/jobs/00001/output").write_text('no\n{"event": "start"}\n[1]\n{"event": "done"}\n')
    assert [one["event"] for one in events(job)] == ["start", "done"]


def test_numbers_for_people() -> None:
    assert [duration(s) for s in (0.2, 48, 600, 12600)] == ["1 s", "48 s", "10 min", "3.5 h"]
    assert [size(b) for b in (12, 7_777_469, 2e13)] == ["12 bytes", "7.78 MB", "20 TB"]
    assert str(Progress()) == "0 "
