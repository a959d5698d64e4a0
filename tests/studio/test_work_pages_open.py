"""Generate, Train and Use open a project that was made in a terminal, and change no byte of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from windows import Window, running

import simcore as sc

pytestmark = pytest.mark.studio
TRAINING = "format:  dtmodels-training/1   # from a terminal\nmodel:   {kind: cnn, outputs: 2}\nfit:     {epochs: 3}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "terminal"
    (folder / "measured").mkdir(parents=True)
    particle = sc.MieSphere(x=sc.uniform(10, 22), y=sc.uniform(10, 22), z=0.0, radius=0.4, refractive_index=1.5)
    microscope = sc.Brightfield(
        numerical_aperture=0.4, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(32, 32)
    )
    recipe = sc.Recipe(image=particle >> microscope, position=sc.positions(particle))
    recipe.save(folder / "recipe.yaml")
    recipe.generate(folder / "train.zarr", count=40, seed=1, progress=False)
    tifffile.imwrite(folder / "measured" / "frames.tif", np.full((3, 32, 32), 9, np.uint8), photometric="minisblack")
    (folder / "training.yaml").write_text(TRAINING)
    run = folder / "runs" / "a"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"format": "dtmodels-run/1", "weights": 7, "finished": True}))
    (run / "history.csv").write_text("epoch,loss,val_loss,learning_rate,seconds\n1,2,3,0.1,1\n2,1,2,0.1,1\n")
    results = folder / "results" / "measured_frames.tif"
    results.mkdir(parents=True)
    (results / "a.csv").write_text("frame,y,x\n0,3,4\n1,5,6\n2,7,8\n")
    (folder / "broken.zarr").mkdir()
    (folder / "broken.zarr" / "zarr.json").write_text("{")
    return folder


def test_a_project_from_a_terminal(project: Path, browser: Any) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with running(project) as address:
        studio = Window(browser, address)
        page = studio.go("Generate")
        page.locator("[data-example='0'] circle").wait_for()
        page.locator('[data-dataset="broken.zarr"]').get_by_text("not a dataset of simcore").wait_for()
        studio.go("Train")
        page.get_by_text("weights for images of 32 x 32 x 1").wait_for()
        studio.tab("Curves")
        page.get_by_role("cell", name="a", exact=True).wait_for()
        studio.go("Use")
        page.locator(".work-picture circle").wait_for()
        page.keyboard.press("Tab")  # reachable by keyboard: something has the focus, and it is seen
        assert page.evaluate("document.activeElement !== document.body")
        assert studio.wrong == []
        studio.close()
    assert {path: path.read_bytes() for path in before} == before
