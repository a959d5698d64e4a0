"""The programs themselves as jobs, at their smallest; no browser."""

import time
from collections.abc import Callable, Iterator

import pytest

import simcore as sc
from studio.jobs import Jobs
from studio.project import Project
from studio.running import orders
from studio.running.job import LIVE, Job
from studio.running.progress import Follower, events

pytestmark = [pytest.mark.studio, pytest.mark.slow]
RECIPE = """format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(10, 22), y=uniform(10, 22), z=0, radius=0.4, refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.4, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(32, 32))
outputs:
  image:      particle >> microscope >> PoissonNoise(snr=20, background=1)
  position:   positions(particle)
"""
TRAINING = """format: dtmodels-training/1
model: {kind: cnn, convolutions: [4], dense: [4], outputs: 2}
fit:   {loss: mae, epochs: 60, batch_size: 32}
"""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    made = Jobs(Project(tmp_path_factory.mktemp("project")))
    yield made
    for job in made.live():
        made.stop(job)
    made.close()


def wait(told: Callable[[], object], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.03)


def ended(jobs: Jobs, job: Job) -> Job:
    wait(lambda: jobs.state(job) not in LIVE)
    return job


@pytest.fixture(scope="module")
def dataset(jobs: Jobs) -> str:
    asked = orders.Dataset("train.zarr", 200)
    made = ended(jobs, jobs.add(asked.generate(), {"recipe.yaml": RECIPE}))
    assert made.state == "done", made.error
    return asked.path


def test_plan_and_generate(jobs: Jobs) -> None:
    asked = orders.Dataset("planned.zarr", 200)
    plan = ended(jobs, jobs.add(asked.plan(), {"recipe.yaml": RECIPE}))
    [told] = events(plan)
    assert told["count"] == 200
    assert told["fits"]
    made = ended(jobs, jobs.add(asked.generate(), {"recipe.yaml": RECIPE}))
    assert made.state == "done", made.error
    assert [one["event"] for one in events(made)] == ["start", "done"]
    assert Follower(jobs.project).progress(made).done == 200
    assert len(sc.open_dataset(jobs.project / "planned.zarr")) == 200


def test_what_simcore_refuses_is_its_own_line(jobs: Jobs) -> None:
    broken = RECIPE.replace("radius=0.4", "radius=-0.4")
    failed = ended(jobs, jobs.add(orders.Dataset("b.zarr", 10).generate(), {"recipe.yaml": broken}))
    assert failed.state == "failed"
    assert "radius" in str(failed.error)
    assert str(failed.error).startswith("simcore: ")


def test_a_training_is_stopped_and_goes_on(jobs: Jobs, dataset: str) -> None:
    job = jobs.add(orders.train(dataset, "runs/a", 60), {"training.yaml": TRAINING})
    follower = Follower(jobs.project)
    wait(lambda: follower.progress(job).done >= 2)
    jobs.stop(job)
    assert ended(jobs, job).state == "stopped"
    epochs = follower.progress(job).done
    again = jobs.again(job)
    assert again.order.command[-1] == "--resume"
    wait(lambda: follower.progress(again).done > epochs)
    jobs.stop(again)
    assert ended(jobs, again).state == "stopped"
