"""Previews beside the event loop, what they show, and the curves by which a measured image is compared."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import simcore as sc
from studio import launching, palette
from studio.errors import StudioError
from studio.launching import recipe_as_python, training_as_python
from studio.panels.look import Look
from studio.panels.measured import Measured
from studio.panels.picture import gallery, marks, outlines
from studio.preview import Latest, Preview
from studio.recipe_text import RecipeText
from studio.watching import sliding
from studio.watching.pictures import planes
from studio.watching.worker import Answer, Request, render

ROOT = Path(__file__).parents[2]
CASE_B = (ROOT / "examples/single_particle_tracking/recipe.yaml").read_text(encoding="utf-8")
SLOW = """
format: simcore-recipe/1
code:
  forever: |
    @sc.draw
    def forever(rng):
        x = 0.0
        while True:
            x += 1.0
        return x
outputs:
  value: forever()
"""


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with ThreadPoolExecutor(1) as thread:  # the browser's tests keep a loop of their own in this one
        return thread.submit(asyncio.run, coroutine).result()


def test_what_is_seen_is_what_the_dataset_will_hold() -> None:
    answer = render(Request(CASE_B, (5, 6), seed=3, split="test", stages="image"))
    truth = sc.loads(CASE_B).render(indices=[5, 6], seed=3, split="test")
    for shown in answer.outputs:
        np.testing.assert_array_equal(shown.values, truth[shown.name])
    np.testing.assert_array_equal(answer.stages[-1].values, truth["image"])
    assert [s.name for s in answer.stages][:4] == ["scene", "field", "Brightfield", "IlluminationGradient"]
    assert answer.stages[1].kind == "field"


def test_stages_lead_to_the_image_without_changing_it() -> None:
    recipe = sc.loads(CASE_B)
    clean = recipe.targets["image"]
    while clean.feature.title() != "Brightfield":
        clean = clean.inputs[0]
    truth = sc.Recipe(**recipe.targets, clean=clean).render(count=1, seed=1)["clean"]
    answer = render(Request(CASE_B, (0,), stages="image"))
    np.testing.assert_array_equal(next(s for s in answer.stages if s.name == "Brightfield").values, truth)


@pytest.mark.parametrize("case", ["holograms_3d", "quantum_dots", "cell_counting", "particle_sizing"])
def test_every_example_shows_its_stages_and_targets(case: str) -> None:
    answer = render(
        Request((ROOT / "examples" / case / "recipe.yaml").read_text(encoding="utf-8"), (0,), stages="image")
    )
    assert not answer.error and answer.stages[0].name == "scene" and len(answer.stages) > 2
    assert "data:image/png;base64," in gallery(answer)
    shape = next(o for o in answer.outputs if o.name == "image").values.shape[1:3]
    assert ("mark" in marks(answer, 0, shape)) == any(
        o.kind == "points" and o.values.shape[-1] >= 2 for o in answer.outputs
    )


def test_outlines_run_along_the_edges_of_pixels() -> None:
    """All edges between pixels of different numbers, and no others: counted one by one."""
    mask = np.random.default_rng(1).integers(0, 3, (9, 12))
    drawn = set()
    for x, y, way, to in re.findall(r"M(\S+) ([^HV]+)([HV])([^M\"]+)", outlines(mask)):
        start, end = (float(x), float(to)) if way == "H" else (float(y), float(to))
        drawn |= {(way, float(y if way == "H" else x), at) for at in np.arange(start, end)}
    around = np.pad(mask, 1)
    expected = {
        ("H", y - 0.5, x - 0.5) for y in range(10) for x in range(12) if around[y, x + 1] != around[y + 1, x + 1]
    } | {("V", x - 0.5, y - 0.5) for y in range(9) for x in range(13) if around[y + 1, x] != around[y + 1, x + 1]}
    assert drawn == expected
    assert outlines(np.zeros((4, 4), bool)) == ""


@pytest.mark.parametrize(("text", "said"), [
    ("", "starts with"), ("a: [", "not YAML"), (CASE_B.replace("radius=uniform(1, 2)", "radius=-1"), "must be > 0"),
    (CASE_B.replace("(51, 51)", "(60000, 60000)"), "a preview shows up to"), (SLOW, "brings code of its own"),
])  # fmt: skip
def test_what_cannot_be_seen_is_said(text: str, said: str) -> None:
    assert said in render(Request(text)).error


@pytest.mark.studio
def test_a_preview_comes_within_200_ms(tmp_path: Path) -> None:
    async def measure() -> tuple[Answer, float]:
        preview = Preview(tmp_path)
        await preview.start()
        await preview.render(Request(CASE_B, (0,), stages="image"))
        started = time.perf_counter()
        answer = await preview.render(Request(CASE_B, (1,), stages="image"))
        seconds = time.perf_counter() - started
        await preview.close()
        return answer, seconds

    answer, seconds = run(measure())
    assert not answer.error and answer.outputs[0].values.shape == (1, 51, 51, 1) and seconds < 0.2


def test_a_process_that_hangs_or_dies_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure() -> list[str]:
        preview = Preview(tmp_path)
        await preview.start()
        said = [(await preview.render(Request(SLOW, trust=True))).error]
        said.append((await preview.render(Request(CASE_B))).error)
        assert preview._process is not None
        preview._process.kill()
        await preview._process.wait()
        said.append((await preview.render(Request(CASE_B))).error)
        await preview.close()
        return said

    monkeypatch.setattr("studio.preview.LONGEST", 4.0)
    hung, after, again = run(measure())
    assert "took longer than" in hung and after == "" and again == ""


def test_of_drafts_that_come_fast_the_last_one_is_shown(tmp_path: Path) -> None:
    async def measure() -> list[Answer | None]:
        preview = Preview(tmp_path)
        latest = Latest(preview)
        requests = [latest.render(Request(CASE_B, (k,))) for k in range(6)]
        answers = await asyncio.gather(*requests)
        await preview.close()
        return list(answers)

    first, *others = run(measure())
    assert others == [None] * 5 and first is not None and first.request is not None and first.request.indices == (5,)


def test_a_window_gives_up_its_own_slow_draft_for_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.preview.PATIENCE", 0.5)

    async def measure() -> tuple[Answer | None, float]:
        preview = Preview(tmp_path)
        await preview.start()
        mine, other = Latest(preview), Latest(preview)
        slow = asyncio.create_task(mine.render(Request(SLOW, trust=True)))
        await asyncio.sleep(1.0)
        waiting = asyncio.create_task(other.render(Request(CASE_B, (7,))))  # another window waits
        await asyncio.sleep(0.2)
        assert not slow.done() and not waiting.done()
        started = time.perf_counter()
        assert await mine.render(Request(CASE_B, (8,))) is None
        answer, seconds = await slow, time.perf_counter() - started
        theirs = await waiting
        assert theirs is not None and not theirs.error
        await preview.close()
        return answer, seconds

    answer, seconds = run(measure())
    assert answer is not None and answer.request is not None and answer.request.indices == (8,) and not answer.error
    assert seconds < 10


def test_of_a_volume_the_largest_value_is_seen() -> None:
    volume = np.zeros((8, 8, 56), np.float32)
    volume[3, 4, 50] = 2
    ((title, plane, _),) = planes(volume, "image", "volume")
    assert title == "volume, largest of 56" and plane[3, 4] == 2 and plane.sum() == 2
    assert [name for name, _, _ in planes(volume[..., :2] * 1j, "field", "a")] == [
        "a [0], magnitude", "a [0], phase", "a [1], magnitude", "a [1], phase"
    ]  # fmt: skip


class Renders:
    """A preview that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Request, asyncio.Future[Answer]]] = []

    async def render(self, request: Request) -> Answer:
        self.asked.append((request, asyncio.get_running_loop().create_future()))
        return await self.asked[-1][1]

    def give_up(self, request: Request | None) -> None:
        pass


def test_an_old_answer_does_not_come_back_after_its_outputs_are_gone() -> None:
    outputs = [SimpleNamespace(section="outputs", on=True)]
    recipe = SimpleNamespace(entries=outputs)
    texts = iter(("one", "two", "three"))

    async def use() -> list[str]:
        renders, shown = Renders(), []
        look = object.__new__(Look)
        look.session = SimpleNamespace(recipe=recipe, request=lambda stages, count: Request(next(texts)))  # type: ignore[assignment]
        look.latest, look.asked, look.tasks = Latest(renders), None, set()  # type: ignore[arg-type]
        look.stages, look.count = lambda: None, lambda: 1
        look._show = lambda answer: shown.append(answer.error)  # type: ignore[method-assign]
        look.refresh()
        await asyncio.sleep(0)
        recipe.entries = []
        look.refresh()
        await asyncio.sleep(0)
        renders.asked[0][1].set_result(Answer(error="one", request=renders.asked[0][0]))
        for _ in range(5):
            await asyncio.sleep(0)
        recipe.entries = outputs
        for _ in range(2):
            look.refresh()
            await asyncio.sleep(0)
        for number in (1, 2):
            request, future = renders.asked[number]
            future.set_result(Answer(error=request.text, request=request))
            for _ in range(5):
                await asyncio.sleep(0)
        return shown

    assert run(use()) == ["", "three"]


def test_a_measured_file_that_is_read_late_is_not_shown_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(project: object, name: str) -> np.ndarray:
        time.sleep(0.3 if name == "slow" else 0)
        if name == "bad":
            raise StudioError("bad")
        return np.full((1, 2, 2), len(name))

    async def choose(*names: str | None) -> tuple[Any, str]:
        said = [""]
        panel = object.__new__(Measured)
        panel.session, panel.asked, panel.tasks = SimpleNamespace(studio=SimpleNamespace(project=None)), 0, set()  # type: ignore
        panel.file, panel.frames = SimpleNamespace(is_deleted=False), SimpleNamespace(visible=False)  # type: ignore
        panel._say, panel.changed = said.append, lambda: None  # type: ignore[method-assign]
        for name in names:
            panel._open(name)
            await asyncio.sleep(0.05)
        await asyncio.gather(*panel.tasks)
        return None if panel.stack is None else int(panel.stack.max()), said[-1]

    monkeypatch.setattr("studio.panels.measured.frames", read)
    assert run(choose("slow", "b")) == (1, "")
    assert run(choose("slow", None)) == (None, "")
    assert run(choose("slow", "bad")) == (None, "bad")
    assert run(choose("bad", "slow")) == (4, "")


# -- curves ----------------------------------------------------------------------------------------------------------


def test_properties_slide_over_their_own_range() -> None:
    names = palette.names_for()
    recipe = RecipeText(CASE_B)
    found = {slide.label: slide for slide in sliding.slides(recipe, names)}
    radius = found["particle.radius"]
    assert (radius.low, radius.high, radius.start, radius.unit) == (1, 2, 1.5, "um")
    assert (found["particle.z"].low, found["particle.z"].high) == (-3, 3)
    assert "PoissonNoise.background" in found and "microscope.wavelength" not in found
    held = sliding.held(recipe, radius, 1.25, names)
    assert held == CASE_B.replace("radius=uniform(1, 2)", "radius=1.25")
    assert sc.loads(held).render(count=3, seed=1)["radius"].tolist() == [1.25] * 3


def test_the_export_is_what_the_command_prints(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(CASE_B, encoding="utf-8")
    source = run(recipe_as_python(tmp_path, "recipe.yaml"))
    space: dict[str, Any] = {}
    exec(source, space)
    assert space["recipe"] == sc.loads(CASE_B)
    (tmp_path / "recipe.yaml").write_text("a: 1")
    with pytest.raises(StudioError, match=r"simcore: recipe\.yaml"):
        run(recipe_as_python(tmp_path, "recipe.yaml"))


@pytest.mark.thorough  # TensorFlow starts twice
def test_the_export_of_a_training_is_a_script(tmp_path: Path) -> None:
    """Whose network is that of the training file; that it trains the same is a test of dtmodels."""
    shutil.copy(ROOT / "examples/single_particle_tracking/training.yaml", tmp_path)
    source = run(training_as_python(tmp_path, "training.yaml", "train.zarr"))
    compile(source, "training.py", "exec")
    assert "dm.open_dataset('train.zarr', inputs='image', targets='position')" in source
    assert [source.count(f"Conv2D(filters={n},") for n in (16, 32, 64)] == [1, 1, 1]
    (tmp_path / "training.yaml").write_text("format: dtmodels-training/1\nmodel: {kind: cnnn}\n")
    with pytest.raises(StudioError, match=r"dtmodels: training\.yaml"):
        run(training_as_python(tmp_path, "training.yaml", "train.zarr"))


TALKS = """
import pathlib, sys, time
pathlib.Path(sys.argv[1], "starts").open("a").write("x")
print("http://127.0.0.1:1/" + sys.argv[1], flush=True)
for stream in (sys.stdout, sys.stderr):
    stream.write("words\\n" * 200_000)
    stream.flush()
pathlib.Path(sys.argv[1], "done").touch()
time.sleep(60)
"""


def test_another_studio_may_say_much_and_is_started_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "STUDIO", ("-c", TALKS))
    monkeypatch.setattr(launching, "_others", {})
    folder = tmp_path / "project"
    folder.mkdir()

    async def use() -> None:
        first, second = await asyncio.gather(*(launching.another_studio(folder) for _ in range(2)))
        assert first == second == f"http://127.0.0.1:1/{folder}"
        for _ in range(200):
            if (folder / "done").exists():
                break
            await asyncio.sleep(0.05)
        assert (folder / "done").exists(), "it hangs"
        assert await launching.another_studio(folder / ".." / "project") == first
        assert (folder / "starts").read_text() == "x"
        launching.close_others()
        await launching._others[folder].process.wait()
        await launching.another_studio(folder)
        assert (folder / "starts").read_text() == "xx"
        launching.close_others()
        await launching._others[folder].process.wait()

    run(use())


def test_why_another_studio_did_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "STUDIO", ("-c", "import sys; sys.exit('x' * 99 + '\\n' + 'port 8765 is taken')"))
    with pytest.raises(StudioError, match=r"^port 8765 is taken$"):
        run(launching.another_studio(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="a project is a folder"):
        run(launching.another_studio(tmp_path / "file"))
