"""The whole way of case B with the mouse: built, matched to the real video, generated, trained, applied, exported, opened again.

One test goes on where the one before it ended: not for several workers.
``STUDIO_SHOTS=docs/studio`` makes the pictures of the documentation, with more examples and epochs.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from windows import ALONE, ROOT, Window, running, until

import simcore as sc

sys.path.insert(0, str(ROOT / "examples"))
from measured import places

pytestmark = [pytest.mark.studio, pytest.mark.slow, ALONE]
VIDEO = "trapped_particle/low_noise.mp4"
SHOTS = bool(os.environ.get("STUDIO_SHOTS"))
COUNT, EPOCHS, LONGEST = (6000, 16, 900) if SHOTS else (400, 2, 180)


@pytest.fixture(scope="module")
def video() -> Path:
    for place in places():
        if (place / VIDEO).is_file():
            return place / VIDEO
    pytest.skip(f"{VIDEO}: set DTMODELS_DATA to the folder that holds it")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("path") / "tracking"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def studio(project: Path, video: Path, browser: Any) -> Iterator[Window]:
    with running(project) as address:
        opened = Window(browser, address)
        yield opened
        opened.close()


def drop(page: Any, name: str, place: str) -> None:
    """Drag a feature from the palette into the pipeline."""
    page.get_by_label("Search the palette").fill(name)
    found = page.locator(".palette-item:visible", has=page.get_by_text(name, exact=True)).first
    found.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.palette-item')].filter(e => e.offsetParent).length < 12"
    )
    found.drag_to(page.locator(place))


def number(page: Any, recipe: Path, parameter: str, text: str) -> None:
    field = page.locator(f'[data-parameter="{parameter}"] input').first
    typed(field, text, lambda: f"{parameter}={text}" in recipe.read_text())


def typed(field: Any, text: str, check: Callable[[], bool]) -> None:
    """Type a value until it has arrived: a form that was just drawn anew may have lost it."""
    for _ in range(4):
        field.fill(text)
        with contextlib.suppress(AssertionError):
            until(check, 4)
            return
    raise AssertionError(f"{text} was not taken")


def distribution(page: Any, recipe: Path, parameter: str, low: str, high: str) -> None:
    """Turn a number into a uniform distribution; each edit is on the disk before the next."""
    page.get_by_label(f"{parameter}: a distribution", exact=True).click()
    until(lambda: f"{parameter}=uniform(" in recipe.read_text())
    found = re.search(rf"{parameter}=uniform\(([^,]+), ([^)]+)\)", recipe.read_text())
    assert found is not None
    ends = [("low", low, f"uniform({low}, "), ("high", high, f", {high})")]
    for end, value, written in ends if float(low) < float(found[2]) else reversed(ends):  # low stays below high
        field = page.get_by_label(f"{parameter} {end}", exact=True)
        typed(field, value, lambda written=written: written in recipe.read_text())
    until(lambda: f"{parameter}=uniform({low}, {high})" in recipe.read_text())


def test_build_from_the_palette_with_a_preview(studio: Window, project: Path) -> None:
    page = studio.go("Build")
    recipe = project / "recipe.yaml"

    def holds(text: str) -> None:
        until(lambda: recipe.exists() and text in recipe.read_text())

    def chosen(chip: str, parameter: str) -> None:
        page.locator(f'[data-chip="{chip}"]').click()
        page.locator(f'[data-parameter="{parameter}"]').wait_for()

    drop(page, "MieSphere", '[data-drop="define"]')
    holds("mie_sphere: MieSphere(")
    drop(page, "Brightfield", '[data-drop="outputs"]')
    holds("image: mie_sphere >> brightfield")
    drop(page, "PoissonNoise", '[data-gap="outputs.image.2"]')
    holds(">> PoissonNoise(")
    drop(page, "positions", '[data-drop="outputs"]')
    holds("position: positions(mie_sphere)")
    page.locator(".small-pictures img").first.wait_for()
    chosen("define.mie_sphere.0", "radius")
    page.get_by_text("more, at their defaults").click()
    for parameter, low, high in (("x", "22", "28"), ("y", "22", "28"), ("z", "0.5", "4.5"), ("radius", "0.9", "1.1")):
        distribution(page, recipe, parameter, low, high)
    chosen("outputs.image.1", "pixel_size")
    for parameter, text in (("numerical_aperture", "0.4"), ("pixel_size", "0.12"), ("shape", "(51, 51)")):
        number(page, recipe, parameter, text)
    chosen("outputs.image.2", "snr")
    distribution(page, recipe, "snr", "5", "60")
    page.locator(".small-pictures img").first.wait_for()
    assert sc.load(recipe).render(count=2, seed=1)["image"].shape == (2, 51, 51, 1)


def test_match_to_the_real_video(studio: Window, project: Path, video: Path) -> None:
    page = studio.go("See")
    page.locator("input[type=file]").first.set_input_files(str(video))
    until(lambda: page.locator(".see-pair img").count() == 2, 20)
    assert (project / "measured" / video.name).read_bytes() == video.read_bytes()
    page.get_by_label("property").click()
    page.get_by_role("option", name="brightfield.pixel_size").click()
    before = (project / "recipe.yaml").read_text()
    track = page.locator(".slide-box .q-slider")
    track.click(position={"x": 0.52 * track.bounding_box()["width"], "y": 8})
    words = page.locator(".slide-box .mono")
    until(lambda: not words.inner_text().startswith("0.12 "))
    page.get_by_role("button", name="Keep this value").click()
    until(lambda: (project / "recipe.yaml").read_text() != before)
    assert "numerical_aperture=0.4" in (project / "recipe.yaml").read_text()
    studio.shot("matched")


def test_generate_what_was_built(studio: Window, project: Path) -> None:
    page = studio.go("Generate")
    studio.field("Examples").fill(str(COUNT))
    studio.button("Plan").click()
    page.get_by_text("examples/s").first.wait_for(timeout=60_000)
    studio.button("Generate").click()
    studio.job("Generate train.zarr", "done", LONGEST)
    page.locator("[data-example='0'] circle").wait_for()
    assert len(sc.open_dataset(project / "train.zarr")) == COUNT
    studio.shot("generate")
    if SHOTS:
        studio.tab("Histograms")
        page.locator(".work-histograms canvas").nth(1).wait_for()
        studio.shot("histograms")
        studio.field("Dataset").fill("test.zarr")
        studio.field("Seed").fill("2")
        studio.field("Examples").fill("1000")
        studio.button("Generate").click()
        studio.job("Generate test.zarr", "done", LONGEST)


def test_train_and_see_the_curve(studio: Window, project: Path) -> None:
    page = studio.go("Train")
    assert studio.field("Dataset").input_value() == "train.zarr"
    page.get_by_text("98,178 weights for images of 51 x 51 x 1").wait_for()
    studio.field("Epochs").fill(str(EPOCHS))
    studio.choose("Schedule", "cosine")
    page.get_by_text("Watched frames").click()
    studio.choose("Frames", "validation examples")
    studio.field("Every (epochs)").fill("1")
    until(lambda: "every: 1" in (project / "training.yaml").read_text())
    studio.shot("network")
    studio.button("Train").click()
    if SHOTS:
        page.get_by_role("cell", name="run-1").wait_for(timeout=60_000)
        page.wait_for_timeout(25_000)
        studio.shot("training")
    studio.job("Train runs/run-1", "done", LONGEST)
    studio.tab("Curves")
    page.get_by_role("cell", name="run-1").wait_for()
    page.get_by_role("img", name="Curves of the training").locator("canvas").wait_for()
    studio.tab("Predictions")
    page.get_by_text(f"epoch {EPOCHS}", exact=True).wait_for()
    assert page.locator(".studio-picture path").count() == 16  # the truths
    studio.shot("predictions")
    if SHOTS:
        studio.tab("Errors")
        studio.choose("Dataset not seen in training", "test.zarr")
        studio.button("Evaluate").click()
        studio.job("Evaluate runs/run-1 on test.zarr", "done", LONGEST)
        page.wait_for_timeout(1500)
        studio.shot("errors")


def test_apply_it_to_the_video(studio: Window, project: Path, video: Path) -> None:
    page = studio.go("Use")
    page.get_by_text("100 frames of 120 x 120 px").wait_for()
    studio.button("Apply").click()
    studio.job(f"runs/run-1 on measured/{video.name}", "done", LONGEST)
    studio.button("Radial centre").click()
    until(lambda: page.locator(".work-picture circle").count() == 2, 30)
    table = (project / "results" / f"measured_{video.name}" / "run-1.csv").read_text().splitlines()
    assert table[0] == "frame,y,x"
    assert len(table) == 101
    for _ in range(3):
        studio.button("Frame after").click()
        page.wait_for_timeout(100)
    page.get_by_text("frame 3", exact=True).wait_for()
    studio.shot("use")
    if SHOTS:
        studio.choose("Dataset", "test.zarr")
        studio.button("Compare").click()
        studio.job("Compare on test.zarr", "done", LONGEST)
        page.locator(".studio-page").evaluate("page => page.scrollTop = 1e6")
        studio.shot("side-by-side")


def test_export_and_open_again(studio: Window, project: Path, browser: Any) -> None:
    page = studio.go("Keep")
    page.get_by_label("Show the recipe as Python").click()
    page.get_by_role("button", name="Save into the project").click()
    until((project / "recipe.py").exists)
    space: dict[str, Any] = {}
    exec((project / "recipe.py").read_text(), space)
    assert space["recipe"] == sc.load(project / "recipe.yaml")
    files = {path: path.read_bytes() for path in project.iterdir() if path.is_file()}
    with running(project) as address:
        second = Window(browser, address, "dark")
        second.go("Build").locator('[data-chip="define.mie_sphere.0"]').wait_for()
        second.go("Generate").locator("[data-example='0'] circle").wait_for()
        second.go("Train")
        second.tab("Curves")
        second.page.get_by_role("cell", name="run-1").wait_for()
        second.shot("curves-dark")
        second.go("Use").locator(".work-picture circle").first.wait_for()
        assert second.wrong == []
        second.close()
    assert {path: path.read_bytes() for path in files} == files  # looking changes no byte
    assert studio.wrong == []


def test_it_trains_from_a_terminal_too(studio: Window, project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".studio", "runs"))
    (copy / ".studio" / "watch").mkdir(parents=True)
    for path in (project / ".studio" / "watch").iterdir():
        shutil.copy(path, copy / ".studio" / "watch")
    command = [
        sys.executable,
        "-P",
        "-m",
        "dtmodels.cli",
        "train",
        "training.yaml",
        "--data",
        "train.zarr",
        "--out",
        "runs/a",
    ]
    done = subprocess.run(
        [*command, "--epochs", "1"], cwd=copy, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (copy / "runs" / "a" / "model.keras").is_file()
