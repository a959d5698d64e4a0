"""Jobs: programs as processes that outlive the studio, and whatever can happen to them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from studio.errors import StudioError
from studio.jobs import Jobs, Order
from studio.project import Project
from studio.running import process
from studio.running.job import Job

FAKE = """
import signal, sys, time
def stop(number, frame):
    print("fake: interrupted; what is stored stays", file=sys.stderr)
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
if sys.argv[1] == "fail":
    print("fake: train.zarr: No space left on device", file=sys.stderr)
    sys.exit(1)
print("began", flush=True)
time.sleep(float(sys.argv[1]))
print("done")
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    monkeypatch.setitem(process.PROGRAMS, "fake", (sys.executable, "-I", str(script)))
    made = Jobs(Project(tmp_path))
    yield made
    for job in made.live():
        job.send(signal.SIGKILL)
    made.close()


def order(*arguments: str, kind: str = "train", target: str = "") -> Order:
    return Order(kind, f"fake {arguments[0]}", ("fake", *arguments), target)


def wait(told: Callable[[], object], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def begun(job: Job) -> None:
    wait(lambda: "began" in job.tail("output"))


def test_a_job_runs_and_leaves_output_and_code(jobs: Jobs) -> None:
    job = jobs.add(order("0"))
    wait(lambda: job.state == "done")
    assert job.code == 0
    assert job.tail("output").split() == ["began", "done"]
    assert job.ended is not None
    assert job.started is not None
    assert job.ended >= job.started
    assert job.error is None


def test_an_error_is_the_programs_own_line(jobs: Jobs) -> None:
    job = jobs.add(order("fail"))
    wait(lambda: job.state == "failed")
    assert job.error == "fake: train.zarr: No space left on device"


def test_one_trains_at_a_time_and_generation_beside_it(jobs: Jobs) -> None:
    first, second = jobs.add(order("30")), jobs.add(order("0"))
    beside = jobs.add(order("0", kind="generate"))
    wait(lambda: beside.state == "done")
    begun(first)
    assert (first.state, second.state) == ("running", "queued")
    jobs.stop(first)
    wait(lambda: second.state == "done")
    assert first.state == "stopped"
    assert first.code == 130


def test_pause_and_resume(jobs: Jobs) -> None:
    job = jobs.add(order("0.5"))
    begun(job)
    jobs.pause(job)
    wait(lambda: job.state == "paused")
    time.sleep(0.7)
    assert job.state == "paused"
    jobs.resume(job)
    wait(lambda: job.state == "done")


def test_a_paused_job_can_be_stopped(jobs: Jobs) -> None:
    job = jobs.add(order("30"))
    begun(job)
    jobs.pause(job)
    wait(lambda: job.state == "paused")
    jobs.stop(job)
    wait(lambda: job.state == "stopped")


def test_a_queued_job_can_be_stopped(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.jobs.PATIENCE", 1)  # a program that is asked before it began may not hear it
    first, second = jobs.add(order("30")), jobs.add(order("0"))
    jobs.stop(second)
    assert second.state == "stopped"
    jobs.stop(first)
    wait(lambda: first.state == "stopped")
    jobs.tick()
    assert second.state == "stopped"


@pytest.mark.parametrize("whole_group", [False, True])
def test_killed_from_outside_is_seen_and_said(jobs: Jobs, whole_group: bool) -> None:
    job = jobs.add(order("30"))
    begun(job)
    assert job.pid is not None
    if whole_group:
        os.killpg(job.pid, signal.SIGKILL)
    else:
        [child] = psutil.Process(job.pid).children()
        child.kill()
    wait(lambda: job.state == "failed")
    assert "was killed" in str(job.error)
    assert "from outside" in str(job.error)


def test_no_zombie_stays(jobs: Jobs) -> None:
    job = jobs.add(order("0"))
    wait(lambda: job.state == "done")
    wait(lambda: not [child for child in psutil.Process().children() if child.pid == job.pid])


def test_a_job_survives_the_studio_and_is_found_again(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.add(order("1"))
    begun(job)
    jobs.close()
    later = Jobs(Project(tmp_path))
    [found] = later.all()
    assert found == job
    assert later.state(found) == "running"
    later.pause(found)
    wait(lambda: later.state(found) == "paused")
    later.resume(found)
    wait(lambda: later.state(found) == "done")
    later.close()


def killed(jobs: Jobs) -> Job:
    """A job whose processes are gone."""
    job = jobs.add(order("30"))
    begun(job)
    assert job.pid is not None
    os.killpg(job.pid, signal.SIGKILL)
    wait(lambda: job.state == "failed")
    return job


def test_a_number_used_again_is_not_taken_for_the_job(jobs: Jobs) -> None:
    job = killed(jobs)
    (job.folder / "pid").write_text(f"{os.getpid()}\n")  # that of a process that is alive
    assert job.state == "failed"
    job.send(signal.SIGKILL)  # and it is not killed


def test_two_studios_start_a_job_once(jobs: Jobs, tmp_path: Path) -> None:
    second = Jobs(Project(tmp_path))
    job = second.add(order("0.3"))
    wait(lambda: job.state == "done")
    assert job.tail("output").split() == ["began", "done"]
    assert [one.id for one in jobs.all()] == [job.id]
    second.close()


def test_the_second_studio_takes_over(jobs: Jobs, tmp_path: Path) -> None:
    wait(lambda: jobs._lock is not None)
    second = Jobs(Project(tmp_path))
    jobs.close()
    job = second.add(order("0"))
    wait(lambda: job.state == "done")
    second.close()


def test_files_are_kept_as_they_were_when_the_job_was_queued(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.add(
        Order("plan", "print", (sys.executable, "-c", "print(open('{job}/note').read())")), {"note": "as it was"}
    )
    wait(lambda: job.state == "done")
    assert job.tail("output").strip() == "as it was"


def test_two_jobs_at_one_target_are_refused(jobs: Jobs) -> None:
    job = jobs.add(order("30", target="train.zarr"))
    with pytest.raises(StudioError, match=r"train\.zarr: a job is at it already"):
        jobs.add(order("0", target="train.zarr"))
    jobs.stop(job)


def test_a_training_goes_on_with_resume(jobs: Jobs) -> None:
    again = order("0", "--overwrite", kind="train").again()
    assert again.command == ("fake", "0", "--resume")
    assert order("0", kind="generate").again().command == ("fake", "0")


def test_a_full_disk_is_told_and_tried_again(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.jobs.start", refused)
    job = jobs.add(order("0"))
    assert job.state == "queued"
    assert "No space left on device" in str(jobs.trouble)
    monkeypatch.undo()
    process.PROGRAMS["fake"] = (sys.executable, "-I", str(jobs.project / "fake.py"))
    jobs._refused.clear()
    wait(lambda: job.state == "done")
    wait(lambda: jobs.trouble is None)
    process.PROGRAMS.pop("fake")


def test_nothing_is_lost_when_the_job_folder_cannot_be_made(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(StudioError, match="No space left on device; the job was not queued"):
        jobs.add(order("0"))


def test_a_job_that_ended_is_forgotten_and_a_live_one_is_not(jobs: Jobs) -> None:
    job = jobs.add(order("30"))
    with pytest.raises(StudioError, match="stop it first"):
        jobs.forget(job)
    jobs.stop(job)
    wait(lambda: job.state == "stopped")
    jobs.forget(job)
    assert jobs.all() == []
    another = jobs.add(order("0"))  # is not taken for the one that was forgotten
    assert another.id != job.id
    wait(lambda: jobs.state(another) == "done")


def test_a_broken_job_file_is_passed_over(jobs: Jobs) -> None:
    folder = jobs.folder / "00007"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{")
    assert jobs.all() == []
    (folder / "job.json").write_text(json.dumps({"created": 1, "kind": "plan", "title": "x", "command": ["fake", "0"]}))
    assert [job.id for job in jobs.all()] == ["00007"]


READER = (sys.executable, "-c", "print(open('{job}/training.yaml').read()); raise SystemExit(3)")


def test_what_goes_on_has_files_of_its_own(jobs: Jobs) -> None:
    first = jobs.add(Order("train", "read", READER), {"training.yaml": "as it was"})
    wait(lambda: jobs.state(first) == "failed")
    second = jobs.again(first)
    wait(lambda: jobs.state(second) == "failed")
    jobs.forget(first)
    third = jobs.again(second)
    wait(lambda: jobs.state(third) == "failed")
    assert third.code == 3
    assert third.tail("output").strip() == "as it was"
    assert third.folder.name in third.order.line


def test_a_job_whose_files_are_gone_does_not_go_on(jobs: Jobs) -> None:
    job = jobs.add(order("fail"))
    wait(lambda: jobs.state(job) == "failed")
    jobs.forget(job)
    with pytest.raises(StudioError, match="files of job 00001 cannot be read"):
        jobs.again(job)


def test_the_group_of_another_is_not_taken_for_the_job(jobs: Jobs) -> None:
    job = killed(jobs)
    shell = subprocess.Popen(["/bin/sh", "-c", "sleep 30 & echo $!"], stdout=subprocess.PIPE, start_new_session=True)
    assert shell.stdout is not None
    sleeping = psutil.Process(int(shell.stdout.readline()))
    shell.wait()
    (job.folder / "pid").write_text(f"{shell.pid}\n")  # its leader has gone, its member has not
    assert os.getpgid(sleeping.pid) == shell.pid
    assert job.members() == []
    assert job.state == "failed"
    job.send(signal.SIGKILL)
    assert sleeping.is_running()
    assert sleeping.status() != psutil.STATUS_ZOMBIE
    sleeping.kill()
    shell.stdout.close()


@pytest.mark.parametrize("reaped", [False, True])
def test_a_job_whose_shell_alone_was_killed_still_runs(tmp_path: Path, reaped: bool, jobs: Jobs) -> None:
    job = jobs.add(order("30"))
    begun(job)
    assert job.pid is not None
    with jobs._mutex:  # as long as it is held, nobody takes leave of the shell: it is a zombie
        os.kill(job.pid, signal.SIGKILL)
        wait(lambda: psutil.Process(job.pid).status() == psutil.STATUS_ZOMBIE)
        assert jobs.state(job) == "running"
    if reaped:
        wait(lambda: not psutil.pid_exists(job.pid or 0))
    other = jobs.add(order("0"))
    jobs.tick()
    assert jobs.state(job) == "running"
    assert other.state == "queued"
    jobs.pause(job)
    wait(lambda: jobs.state(job) == "paused")
    jobs.stop(job)
    wait(lambda: jobs.state(job) == "stopped")
    wait(lambda: other.state == "done")


def test_a_project_that_is_renamed_keeps_its_running_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    monkeypatch.setitem(process.PROGRAMS, "fake", (sys.executable, "-I", str(script)))
    before = Jobs(Project(tmp_path / "before"))
    job = before.add(order("1"))
    begun(job)
    before.close()
    (tmp_path / "before").rename(tmp_path / "after")
    after = Jobs(Project(tmp_path / "after"))
    [found] = after.all()
    assert after.state(found) == "running"
    wait(lambda: after.state(found) == "done")
    after.close()


def test_what_is_known_of_a_job_goes_with_it(jobs: Jobs) -> None:
    job = jobs.add(order("0"))
    wait(lambda: jobs.state(job) == "done")
    jobs.forget(job)
    assert jobs.all() == []
    assert jobs._ended == {}
    jobs._refused["00099"] = time.monotonic()  # such as one that was stopped before it could be started
    jobs.trouble = "a full disk"
    wait(lambda: jobs.trouble is None)
    assert jobs._refused == {}


def test_a_number_that_cannot_be_read_is_no_hindrance(jobs: Jobs) -> None:
    jobs.folder.mkdir(parents=True, exist_ok=True)
    (jobs.folder / "last").write_text("x")
    job = jobs.add(order("0"))
    wait(lambda: job.state == "done")


def test_a_job_that_was_stopped_before_it_began_stays_stopped(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.jobs.PATIENCE", 1)
    for k in range(3):
        job = jobs.add(order("30"))
        time.sleep(0.002 * k)
        jobs.stop(job)
        wait(lambda job=job: jobs.state(job) == "stopped")  # type: ignore[misc]
        jobs.forget(job)
        assert jobs.all() == []
    time.sleep(0.1)
    assert [path.name for path in jobs.folder.iterdir()] == ["last"]


def test_the_shell_of_a_stopped_job_is_not_taken_for_the_program(jobs: Jobs) -> None:
    job = jobs.add(order("30"))
    begun(job)
    (job.folder / "stop").touch()
    assert job.state == "running"
    (job.folder / "output").unlink()  # as before it begins
    assert job.state == "stopped"
    job.send(signal.SIGKILL)
