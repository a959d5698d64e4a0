"""Progress: rates and times left against closed forms, lines in a log, lines of workers, objects for programs."""

import io
import itertools
import json
import os
import re
from pathlib import Path

import distributed
import pytest
from fake_recipe import FakeRecipe
from rich.console import Console

import simcore as sc
from simcore import cli, run
from simcore.engines import progress
from simcore.engines.rates import WINDOW, Rate
from simcore.engines.unit import Done
from simcore.errors import ParameterError

TEXT = """
format: simcore-recipe/1
outputs:
  vector: uniform(0, 1, shape=2)
"""


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now

    def strftime(self, form):
        return "2026-01-02 03:04:05 "


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def fed(report, clock, units, every=1.0, examples=10, workers=("",)):
    for unit in range(units):
        clock.now += every
        report.advance(Done(unit, examples, 1000, 1.0, workers[unit % len(workers)]))


# -- rates ---------------------------------------------------------------------------------------------------------


def test_a_steady_rate_is_exact_from_the_first_unit_on():
    rate = Rate(0.0)
    assert rate.per_second() == 0
    for unit in range(1, 40):
        rate.add(unit * 2.0, 10)
        assert rate.per_second() == pytest.approx(5)


def test_a_slow_start_is_forgotten():
    rate = Rate(0.0)
    for unit in range(20):
        rate.add(100.0 + unit, 10)
    assert rate.per_second() == pytest.approx(10)
    assert rate.total == 200


def test_the_rate_is_that_of_the_last_minute():
    rate, now = Rate(0.0), 0.0
    for _ in range(1000):
        now += 0.5
        rate.add(now, 10)
    for _ in range(int(WINDOW) + 10):
        now += 1.0
        rate.add(now, 5)
    assert rate.per_second() == pytest.approx(5, rel=0.02)


def test_a_rate_keeps_a_bounded_number_of_points():
    rate = Rate(0.0)
    for unit in range(100_000):
        rate.add(unit * 1e-3, 1)
    assert rate.per_second() == pytest.approx(1000, rel=0.01)
    assert len(rate._points) < 300


# -- lines ---------------------------------------------------------------------------------------------------------


def test_without_a_terminal_lines_with_the_time_at_growing_intervals(clock):
    text = io.StringIO()
    with progress.Report(100_000, 40_000, console=Console(file=text, width=200)) as report:
        fed(report, clock, 200)
    lines = text.getvalue().splitlines()
    assert all(line.startswith("2026-01-02 03:04:05 ") for line in lines)
    assert lines[0].endswith("going on after 40,000 of 100,000 examples")
    assert lines[1].endswith("40,100 of 100,000 examples, 10 examples/s, 10.0 kB, 1.7 h left")
    assert [int(re.search(r"(\d+)0 of", line.replace(",", ""))[1]) - 4000 for line in lines[1:]] == [
        10,
        25,
        48,
        82,
        133,
        200,
    ]


def test_each_worker_has_a_line_if_wished(clock):
    text = io.StringIO()
    with progress.Report(1000, 0, "workers", Console(file=text, width=200)) as report:
        fed(report, clock, 20, workers=("a:1", "b:2", "b:2", "b:2"))
    last = text.getvalue().splitlines()[-2:]
    assert last == ["  a:1: 50 examples, 3 examples/s", "  b:2: 150 examples, 8 examples/s"]


def test_threads_and_processes_have_names(tmp_path, capfd):
    recipe = sc.loads(TEXT)
    recipe.generate(tmp_path / "a.zarr", 96, 1, unit=8, chunk=8, workers=2, progress="workers")
    assert re.search(r"^  thread_\d: \d+ examples", capfd.readouterr().err, re.MULTILINE)
    recipe.generate(tmp_path / "b.zarr", 96, 1, unit=8, chunk=8, workers=2, processes=True, progress="workers")
    said = capfd.readouterr().err
    found = re.findall(rf"^  {os.uname().nodename}:(\d+): (\d+) examples", said, re.MULTILINE)
    assert sum(int(examples) for _, examples in found) == 96
    assert str(os.getpid()) not in dict(found)
    assert "dashboard" not in said


def test_the_dashboard_of_a_scheduler_is_named(tmp_path, capfd):
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "protocol": "tcp"}
    with distributed.LocalCluster(**options, dashboard_address=":0") as cluster:
        recipe = sc.loads(TEXT)
        recipe.generate(tmp_path / "a.zarr", 16, 1, scheduler=cluster.scheduler_address)
        said = capfd.readouterr().err
        assert f"dashboard: {cluster.dashboard_link}" in said


# -- JSON ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(TEXT)
    return ["generate", "recipe.yaml", "train.zarr", "--count", "96", "--seed", "1", "--unit", "8", "--chunk", "8"]


def test_programs_get_an_object_per_line(recipe, capsys, monkeypatch):
    monkeypatch.setattr(progress, "OBJECT_EVERY", 0.0)
    assert cli.run([*recipe, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    events = [json.loads(line) for line in out.splitlines()]
    assert events[0] == {"event": "start", "examples": 96, "done": 0}
    assert {event["event"] for event in events[1:-1]} == {"progress"}
    last = events[-2]
    assert (last["done"], last["examples"], sum(w["examples"] for w in last["workers"].values())) == (96, 96, 96)
    assert last["seconds_left"] == 0
    identity = sc.load("recipe.yaml").generate("other.zarr", 96, 1, unit=8, chunk=8, progress=False).identity
    done = events[-1]
    assert (done["event"], done["identity"], done["path"]) == ("done", identity, str(Path("train.zarr").absolute()))
    assert done["examples_per_second"] == pytest.approx(96 / done["seconds"])
    assert cli.run([*recipe, "--json"]) == 0  # already there
    assert json.loads(capsys.readouterr().out)["identity"] == identity


def test_programs_hear_of_the_first_second(clock, capsys):
    with progress.Report(100_000, 0, "json") as report:
        fed(report, clock, 60)
    done = [json.loads(line)["done"] for line in capsys.readouterr().out.splitlines()[1:]]
    assert done[:4] == [10, 30, 60, 100]
    assert max(b - a for a, b in itertools.pairwise(done)) == 100  # ten seconds


def test_an_error_is_an_object_and_a_line(recipe, capsys):
    arguments = ["--seed" if a == "--seed" else "-1" if a == "1" else a for a in recipe]
    assert cli.run([*arguments, "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"event": "error", "error": err.strip().removeprefix("simcore: ")}
    assert "seed: -1" in err


def test_options_that_contradict_are_refused(recipe, capsys):
    assert cli.run([*recipe, "--json", "--quiet"]) == 2
    assert "one of them at most" in capsys.readouterr().err
    assert not Path("train.zarr").exists()


def test_what_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="progress: 'loud'"):
        run.generate(FakeRecipe(), tmp_path / "a.zarr", 8, 1, progress="loud")
    assert not (tmp_path / "a.zarr").exists()
