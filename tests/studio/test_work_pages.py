"""Generate, Train and Use in a real browser, with the programs themselves at their smallest.

One test goes on where the one before it ended: not for several workers.
"""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from windows import ALONE, Window, running, until

pytestmark = [pytest.mark.studio, pytest.mark.slow, ALONE]
RECIPE = """format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(10, 22), y=uniform(10, 22), z=0, radius=0.4, refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.4, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(32, 32))
  snr:        uniform(5, 30)
outputs:
  image:      particle >> microscope >> PoissonNoise(snr=snr, background=1)
  position:   positions(particle)
  snr:        snr
"""
RATE = "document.querySelector('.work-job[data-state=running]')?.innerText.includes('examples/s')"
TRAINING = """format: dtmodels-training/1   # small
data:    {inputs: image, targets: position, validation: 0.2}
model:   {kind: cnn, convolutions: [4, 8], dense: [8], outputs: 2}
fit:     {loss: mae, optimizer: adam, epochs: 3, batch_size: 32, seed: 1}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio") / "spheres"
    (folder / "measured").mkdir(parents=True)
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "training.yaml").write_text(TRAINING)
    y, x = np.mgrid[:32, :32]
    movie = [120 - 80 * np.exp(-((y - 15) ** 2 + (x - 12 - 0.4 * k) ** 2) / 12) for k in range(12)]
    tifffile.imwrite(folder / "measured" / "spot.tif", np.array(movie, np.uint8))
    return folder


@pytest.fixture(scope="module")
def studio(project: Path, browser: Any) -> Iterator[Window]:
    with running(project) as address:
        opened = Window(browser, address)
        yield opened
        opened.close()


def test_generate_plan_pause_and_browse(studio: Window, project: Path) -> None:
    page = studio.go("Generate")
    studio.field("Examples").fill("300")
    studio.button("Plan").click()
    page.get_by_text("examples/s").first.wait_for(timeout=60_000)
    assert not list(project.glob("*.zarr"))
    studio.button("Generate").click()
    studio.job("Generate train.zarr", "done")
    page.locator('[data-dataset="train.zarr"]').wait_for()
    page.locator("[data-example]").first.wait_for()
    assert page.locator("[data-example]").count() == 24
    assert page.locator("[data-example='0'] circle").count() == 1
    studio.button("Last examples").click()
    page.locator("[data-example='299']").click()
    page.get_by_text("Example 299 of train.zarr").wait_for()
    page.keyboard.press("Escape")
    studio.tab("Histograms")
    page.locator(".work-histograms canvas").nth(2).wait_for()
    studio.tab("Card")
    page.get_by_text("render version").wait_for()


def test_a_job_is_paused_resumed_killed_and_goes_on(studio: Window, project: Path) -> None:
    page = studio.go("Generate")
    studio.field("Dataset").fill("large")
    studio.field("Examples").fill("2000000")
    studio.button("Generate").click()
    running_job = studio.job("Generate large.zarr", "running")
    page.wait_for_function(RATE, timeout=60_000)
    running_job.get_by_label("Pause").click()
    paused = studio.job("Generate large.zarr", "paused")
    page.reload()
    paused = studio.job("Generate large.zarr", "paused")
    paused.get_by_label("Resume").click()
    running_job = studio.job("Generate large.zarr", "running")
    from studio.jobs import Jobs
    from studio.project import Project

    jobs = Jobs(Project(project), watch=False)
    [job] = jobs.live()
    jobs.close()
    job.send(signal.SIGKILL)
    failed = studio.job("Generate large.zarr", "failed")
    assert "was killed" in failed.inner_text()
    failed.get_by_label("Go on where it stopped").click()
    studio.job("Generate large.zarr", "running").get_by_label("Stop; it can go on later").click()
    studio.job("Generate large.zarr", "stopped")
    shutil.rmtree(project / "large.zarr")


def test_errors_of_a_program_stand_in_place(studio: Window) -> None:
    page = studio.go("Generate")
    studio.field("Examples").fill("0")
    studio.button("Generate").click()
    page.get_by_text("count: 0; must be 1 example or more").wait_for()
    studio.field("Examples").fill("100")
    studio.field("Dataset").fill("../outside")
    studio.button("Generate").click()
    page.get_by_text("lies outside the project folder").wait_for()
    studio.field("Dataset").fill("train.zarr")
    studio.field("Seed").fill("9")
    studio.button("Generate").click()
    failed = studio.job("Generate train.zarr", "failed")
    assert "simcore:" in failed.inner_text()
    failed.get_by_label("Take off this list; what it wrote stays").click()


def test_train_watch_and_curves(studio: Window, project: Path) -> None:
    page = studio.go("Train")
    page.get_by_text("weights for images of 32 x 32 x 1").wait_for()
    assert (project / "training.yaml").read_text() == TRAINING  # looked at, not touched
    studio.field("Epochs").fill("4")
    studio.field("Epochs").blur()
    page.get_by_text("Watched frames").click()
    studio.choose("Frames", "validation examples")
    written = ("epochs: 4", "# small", ".studio/watch/train-image.npy")
    until(lambda: all(text in (project / "training.yaml").read_text() for text in written))
    studio.button("Train").click()
    studio.job("Train runs/run-1", "done", 120)
    studio.tab("Curves")
    page.get_by_role("cell", name="run-1").wait_for()
    assert page.locator("canvas").first.is_visible()
    studio.tab("Predictions")
    page.get_by_text("epoch", exact=False).first.wait_for()
    studio.tab("System")
    page.get_by_text("of 2 cores").or_(page.get_by_text("cores")).first.wait_for()


def test_sizes_are_checked_while_typing_and_the_drawing_follows(studio: Window, project: Path) -> None:
    page = studio.go("Train")
    studio.tab("Network")
    field = studio.field("Convolutions")
    field.fill("4, x")
    page.get_by_text("'x'; must be whole numbers above 0").wait_for()
    field.fill("4, 8, 16")
    until(lambda: page.locator(".studio-diagram rect").count() == 6)
    assert "convolutions: [4, 8, 16]" in (project / "training.yaml").read_text()
    field.fill("4, 8")
    until(lambda: "convolutions: [4, 8]" in (project / "training.yaml").read_text())


def test_what_another_program_wrote_is_shown(studio: Window, project: Path) -> None:
    page = studio.go("Train")
    text = (project / "training.yaml").read_text()
    (project / "training.yaml").write_text(text.replace("epochs: 4", "epochs: 77"))
    page.wait_for_function("[...document.querySelectorAll('input')].some(e => e.value == '77')")
    (project / "training.yaml").write_text("model: {")
    page.get_by_text("not YAML").first.wait_for()
    (project / "training.yaml").write_text(text)
    page.wait_for_function("[...document.querySelectorAll('input')].some(e => e.value == '4')")


def test_errors_against_a_property(studio: Window, project: Path) -> None:
    page = studio.go("Generate")
    studio.field("Dataset").fill("test.zarr")
    studio.field("Seed").fill("2")
    studio.field("Examples").fill("100")
    studio.button("Generate").click()
    studio.job("Generate test.zarr", "done")
    studio.go("Train")
    studio.tab("Errors")
    page.wait_for_timeout(500)
    studio.choose("Dataset not seen in training", "test.zarr")
    studio.button("Evaluate").click()
    studio.job("Evaluate runs/run-1 on test.zarr", "done", 120)
    studio.choose("Against", "snr")
    until((project / "runs/run-1/evaluation/test/examples.csv").is_file)


def test_use_on_frames(studio: Window, project: Path) -> None:
    page = studio.go("Use")
    page.get_by_text("12 frames of 32 x 32 px").wait_for()
    studio.button("Apply").click()
    studio.job("runs/run-1 on measured/spot.tif", "done", 120)
    studio.button("Radial centre").click()
    page.locator(".work-picture circle").nth(1).wait_for()
    studio.button("Frame after").click()
    page.get_by_text("frame 1", exact=True).wait_for()
    studio.tab("Table")
    with page.expect_download() as download:
        page.get_by_label("Download the table as CSV").click()
    assert Path(download.value.path()).read_text().startswith("frame,y,x")
    page.get_by_role("cell", name="radial_center").first.wait_for()
    upload = project.parent / "dropped.tif"
    shutil.copy(project / "measured/spot.tif", upload)
    page.locator("input[type=file]").first.set_input_files(str(upload))
    page.get_by_text("measured/dropped.tif").first.wait_for()
    assert (project / "measured/dropped.tif").is_file()


def test_a_vanished_dataset_is_told_and_the_page_lives(studio: Window, project: Path) -> None:
    page = studio.go("Generate")
    page.locator('[data-dataset="test.zarr"]').click()
    page.get_by_text("of 100", exact=True).wait_for()
    shutil.move(project / "test.zarr", project / "elsewhere")
    studio.button("Last examples").click()
    page.get_by_role("alert").filter(has_text="cannot be read").first.wait_for()
    shutil.move(project / "elsewhere", project / "test.zarr")
    studio.button("First examples").click()
    page.locator("[data-example='0']").wait_for()


def test_nothing_went_wrong_in_the_browser(studio: Window) -> None:
    assert studio.wrong == []


def test_the_jobs_of_a_studio_that_was_closed_are_there_again(project: Path, browser: Any) -> None:
    with running(project) as address:
        second = Window(browser, address)
        second.go("Train")
        second.job("Train runs/run-1", "done")
        assert json.loads((project / "runs/run-1/run.json").read_text())["finished"]
        second.close()
