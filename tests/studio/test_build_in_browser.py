"""Build, See and Keep in a real browser, by mouse and by keyboard. ``STUDIO_SHOTS=docs/studio`` makes their pictures anew."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import tifffile

import simcore as sc

pytestmark = pytest.mark.studio

ROOT = Path(__file__).parents[2]
CASE_B = ROOT / "examples/single_particle_tracking"
SHOTS = os.environ.get("STUDIO_SHOTS")
VIDEOS = Path(os.environ.get("DTMODELS_DATA", ROOT.parent / "shared" / "data")) / "trapped_particle"
SIZE = {"width": 1280, "height": 800}


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "tracking"
    folder.mkdir()
    return folder


@pytest.fixture
def case_b(project: Path) -> Path:
    for path in CASE_B.glob("*.yaml"):
        (project / path.name).write_bytes(path.read_bytes())
    measured = project / "measured"
    measured.mkdir()
    if (VIDEOS / "low_noise.mp4").exists():
        (measured / "low_noise.mp4").write_bytes((VIDEOS / "low_noise.mp4").read_bytes())
    else:
        frames = sc.load(project / "recipe_videos.yaml").render(count=5, seed=9)["image"][..., 0]
        tifffile.imwrite(measured / "frames.tif", frames, photometric="minisblack")
    return project


@pytest.fixture
def window(browser: Any) -> Iterator[Callable[..., Any]]:
    opened = []

    def show(address: str, path: str, scheme: str = "light") -> Any:
        context = browser.new_context(viewport=SIZE, color_scheme=scheme)
        page = context.new_page()
        opened.append((context, page, wrong := []))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address.replace("/?", f"{path}?"))
        page.locator(".studio-here").wait_for()
        return page

    yield show
    for context, page, wrong in opened:
        text = page.content()
        context.close()
        assert not wrong, wrong
        assert "Traceback" not in text


def item(page: Any, name: str) -> Any:
    page.get_by_label("Search the palette").fill(name)
    found = page.locator(".palette-item:visible", has=page.get_by_text(name, exact=True))
    found.first.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.palette-item')].filter(e => e.offsetParent).length < 12"
    )
    return found.first


def until(check: Callable[[], bool], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.03)


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(500)
        page.mouse.move(640, 4)
        page.wait_for_timeout(300)
        (ROOT / SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ROOT / SHOTS / f"{name}.png")


@pytest.mark.quick
def test_a_recipe_is_built_by_mouse_and_seen(
    open_studio: Callable[[Path], str], window: Callable[..., Any], project: Path
) -> None:
    page = window(open_studio(project), "/build")
    recipe = project / "recipe.yaml"
    shot(page, "start")

    def holds(text: str, gone: str = "\0") -> None:
        until(lambda: recipe.exists() and text in recipe.read_text() and gone not in recipe.read_text())
        digest = hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]
        page.locator(f'.pipeline[data-digest="{digest}"]').wait_for()

    item(page, "MieSphere").drag_to(page.locator('[data-drop="define"]'))
    holds("mie_sphere: MieSphere(")
    item(page, "Brightfield").drag_to(page.locator('[data-drop="outputs"]'))
    holds("image: mie_sphere >> brightfield")
    item(page, "PoissonNoise").drag_to(page.locator('[data-gap="outputs.image.2"]'))
    holds(">> PoissonNoise(snr=3)")
    item(page, "positions").drag_to(page.locator('[data-drop="outputs"]'))
    holds("position: positions(mie_sphere)")
    page.locator(".small-pictures img").wait_for()
    # A form: refused in the library's words, then taken.
    page.locator('[data-chip="define.mie_sphere.0"]').click()
    radius = page.locator('[data-parameter="radius"]')
    radius.locator("input").fill("-0.5")
    radius.get_by_text("MieSphere.radius: -0.5 um; must be > 0").wait_for()
    assert "radius=-0.5" not in recipe.read_text()
    radius.locator("input").fill("0.8")
    holds("radius=0.8")
    page.get_by_label("x: a distribution", exact=True).click()
    holds("x=uniform(28.35, 34.65)")
    page.locator('[data-parameter="x"] svg').wait_for()
    # Another place for a step, by dragging; off and on, copied and gone, by keys.
    item(page, "GaussianBlur").drag_to(page.locator('[data-gap="outputs.image.3"]'))
    holds("PoissonNoise(snr=3) >> GaussianBlur(sigma=1)")
    page.locator('[data-chip="outputs.image.3"]', has_text="GaussianBlur").drag_to(
        page.locator('[data-gap="outputs.image.2"]')
    )
    holds("brightfield >> GaussianBlur(sigma=1) >> PoissonNoise(snr=3)")
    page.locator('[data-chip="outputs.image.3"]', has_text="PoissonNoise").press("o")
    holds("# off after 3: PoissonNoise(snr=3)")
    page.locator(".chip-off").press("o")
    holds("GaussianBlur(sigma=1) >> PoissonNoise(snr=3)")
    page.locator('[data-chip="outputs.image.2"]:not(.chip-off)', has_text="GaussianBlur").press("Delete")
    holds("brightfield >> PoissonNoise(snr=3)")
    page.locator("body").press("Control+z")
    holds("GaussianBlur(sigma=1)")
    page.locator("body").press("Control+Shift+z")
    holds("PoissonNoise", gone="GaussianBlur")
    # A name.
    page.locator('[data-name="define.mie_sphere.0"]').click()
    page.locator(".ask input").fill("particle")
    page.get_by_role("button", name="Done").click()
    holds("position: positions(particle)")
    arrays = sc.load(recipe).render(count=2, seed=1)
    assert arrays["image"].shape == (2, 64, 64, 1) and arrays["position"].shape == (2, 2)


def test_a_recipe_is_built_by_keyboard(
    open_studio: Callable[[Path], str], window: Callable[..., Any], project: Path
) -> None:
    page = window(open_studio(project), "/build")
    recipe = project / "recipe.yaml"
    wanted = {
        "MieSphere": "MieSphere(",
        "Brightfield": "image: mie_sphere >> brightfield",
        "PoissonNoise": ">> PoissonNoise(snr=3)",
        "positions": "position: positions(mie_sphere)",
    }
    for name, text in wanted.items():
        item(page, name).press("Enter")
        until(lambda text=text: recipe.exists() and text in recipe.read_text())  # type: ignore[misc]
        page.locator(f'.pipeline[data-digest="{hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]}"]').wait_for()
    page.locator('[data-chip="outputs.image.1"]').press("Enter")
    page.get_by_label("numerical_aperture", exact=True).fill("0.7")
    until(lambda: "numerical_aperture=0.7" in recipe.read_text())
    item(page, "ComaVertical").press("Enter")
    until(lambda: "aberrations=[ComaVertical(coefficient=0.08)]" in recipe.read_text())
    page.locator(".part-name").click()
    page.get_by_label("coefficient", exact=True).fill("0.05")
    until(lambda: "aberrations=[ComaVertical(coefficient=0.05)]" in recipe.read_text())
    page.get_by_role("button", name="Back to the step").press("Enter")
    page.get_by_role("button", name="Switch off: ComaVertical").press("Enter")
    until(lambda: "# off in 1 aberrations after 0: ComaVertical(coefficient=0.05)" in recipe.read_text())
    assert "ComaVertical" not in sc.load(recipe).canonical
    page.get_by_role("button", name="Switch on: ComaVertical").press("Enter")
    until(lambda: "aberrations=[ComaVertical(coefficient=0.05)]" in recipe.read_text())
    assert sc.load(recipe).render(count=1, seed=1)["image"].shape == (1, 64, 64, 1)


def test_an_edit_is_seen_within_200_ms(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    page = window(open_studio(case_b), "/build")
    before = (case_b / "recipe.yaml").read_bytes()
    page.locator(".small-pictures img").wait_for()
    page.locator('[data-chip="define.particle.0"]').click()
    page.locator('[data-parameter="radius"] svg').wait_for()
    assert (case_b / "recipe.yaml").read_bytes() == before  # only looked at
    shot(page, "build")
    times = page.evaluate(
        """async () => {
          const field = document.querySelector('[data-parameter="radius"] .field-arguments input');
          const picture = () => document.querySelector('.small-pictures img').src;
          const found = [];
          for (const value of ['1.01', '1.02', '1.03', '1.04', '1.05', '1.06']) {
            await new Promise(done => setTimeout(done, 700));
            const old = picture(), started = performance.now();
            field.value = value;
            field.dispatchEvent(new Event('input', {bubbles: true}));
            while (picture() === old && performance.now() - started < 5000) await new Promise(requestAnimationFrame);
            found.push(performance.now() - started);
          }
          return found;
        }"""
    )
    print("edit to picture, ms:", [round(t) for t in times])
    # 200 ms where nothing else runs; where others have the processors too, as many times longer.
    assert sorted(times)[len(times) // 2] < 200 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    text = (case_b / "recipe.yaml").read_text()
    assert text == before.decode().replace("radius=uniform(1, 2)", "radius=uniform(1.06, 2)")


def test_two_windows_keep_each_others_edits(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    page = window(open_studio(case_b), "/build")
    recipe = case_b / "recipe.yaml"
    page.locator('[data-chip="define.mirror.0"]').click()
    page.get_by_text("1 parameters, at their defaults").wait_for()
    recipe.write_text(recipe.read_text().replace("uniform(22, 28)", "uniform(21, 29)"))  # somebody else, in a terminal
    page.get_by_label("probability", exact=True).fill("0.25")
    page.wait_for_timeout(200)
    if page.get_by_text("nothing was overwritten").is_visible():  # before the page had looked at the disk
        page.get_by_role("button", name="Keep mine as a copy").click()
        until((case_b / "recipe-2.yaml").exists)
        assert "probability=0.25" in (case_b / "recipe-2.yaml").read_text()
    else:
        until(lambda: "probability=0.25" in recipe.read_text())
    assert "uniform(21, 29)" in recipe.read_text()


def test_a_broken_file_is_mended_in_place(
    open_studio: Callable[[Path], str], window: Callable[..., Any], project: Path
) -> None:
    (project / "recipe.yaml").write_text("define: [")
    page = window(open_studio(project), "/build")
    page.get_by_text("not YAML").first.wait_for()
    page.locator(".whole-text textarea").fill("format: simcore-recipe/1\noutputs:\n  a: uniform(0, 1)\n")
    page.get_by_role("button", name="Save the text").click()
    page.locator('[data-entry="outputs.a.0"]').wait_for()
    (project / "recipe.yaml").write_text("format: simcore-recipe/1\noutputs:\n  a: unifrom(0, 1)\n")
    page.get_by_text("did you mean uniform?").first.wait_for()


def test_what_the_menu_of_a_card_offers(
    open_studio: Callable[[Path], str], window: Callable[..., Any], project: Path
) -> None:
    recipe = project / "recipe.yaml"
    recipe.write_text(
        "format: simcore-recipe/1\ndefine:\n  a: uniform(0, 1)\n  b: uniform(1, 2)\noutputs:\n  value: a + b\n"
    )
    page = window(open_studio(project), "/build")

    def takes(key: str, offer: str, wanted: str) -> None:
        page.get_by_role("button", name=f"More for {key}", exact=True).click()
        page.locator(".q-menu:visible .q-item", has_text=offer).click()
        until(lambda: wanted in recipe.read_text())

    takes("a", "Copy", "a_2: uniform(0, 1)")
    takes("b", "Move up", "b: uniform(1, 2)\n  a: uniform(0, 1)")
    takes("a_2", "Switch off", "# off: a_2: uniform(0, 1)")
    takes("a_2", "Delete", "a: uniform(0, 1)\noutputs:")
    page.get_by_role("button", name="More for value", exact=True).press("Enter")
    page.locator(".q-menu:visible .q-item", has_text="Edit as text").click()
    page.locator(".ask textarea").fill("a * b")
    page.get_by_role("button", name="Done").click()
    until(lambda: "value: a * b" in recipe.read_text())


def test_another_recipe_of_the_project_is_opened(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    page = window(open_studio(case_b), "/build")
    page.get_by_label("Recipe", exact=True).click()
    page.get_by_role("option", name="recipe_videos.yaml").click()
    digest = hashlib.sha256((case_b / "recipe_videos.yaml").read_bytes()).hexdigest()[:12]
    page.locator(f'.pipeline[data-digest="{digest}"]').wait_for()
    # Other values for training, validation and test.
    page.locator('[data-chip="define.snr.0"]').click()
    page.get_by_label("value: other values for training, validation and test").click()
    page.get_by_label("value test", exact=True).fill("uniform(5, 10)")
    until(
        lambda: (
            'where(equal(split, "test"), uniform(5, 10), uniform(5, 60))' in (case_b / "recipe_videos.yaml").read_text()
        )
    )
    assert (case_b / "recipe.yaml").read_bytes() == (CASE_B / "recipe.yaml").read_bytes()


OWN = '''import simcore as sc


@sc.feature
def brighter(image, factor=2.0):
    """Every pixel times a factor."""
    image *= factor
'''


def test_a_feature_of_ones_own_runs_once_it_is_trusted(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    (case_b / "mine.py").write_text(OWN)
    page = window(open_studio(case_b), "/build")
    page.locator(".small-pictures img").wait_for()
    item(page, "brighter").drag_to(page.locator('[data-gap="define.frame.2"]'))
    page.get_by_text("This recipe brings code of its own").wait_for()
    assert "  brighter: |\n    @sc.feature\n" in (case_b / "recipe.yaml").read_text()
    page.get_by_role("button", name="Let it run").click()
    page.get_by_text("This recipe brings code of its own").wait_for(state="detached")
    page.locator(".small-pictures:not(.stale) img").wait_for()
    arrays = sc.load(case_b / "recipe.yaml", trust=True).render(count=1, seed=1)
    assert arrays["image"].shape == (1, 51, 51, 1)


def test_stages_draws_and_a_measured_frame_are_seen(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    page = window(open_studio(case_b), "/see")
    page.locator(".stages .picture").first.wait_for()
    words = page.locator(".stages figcaption b").all_inner_texts()
    assert words[0] == "scene" and "Brightfield" in words and "field, phase" in words
    first = page.locator(".see-pair img").first.get_attribute("src")
    page.locator("body").press("n")
    until(lambda: page.locator(".see-pair img").first.get_attribute("src") != first)
    page.get_by_label("image or video").click()
    page.get_by_role("option").first.click()
    until(lambda: page.locator(".see-pair img").count() == 2)
    page.get_by_label("property").click()
    page.get_by_role("option", name="particle.z").click()
    page.locator(".slide-box .q-slider").click(position={"x": 120, "y": 8})
    until(lambda: page.locator(".see-side dd").nth(1).inner_text() == page.locator(".slide-box .mono").inner_text())
    assert (case_b / "recipe.yaml").read_bytes() == (CASE_B / "recipe.yaml").read_bytes()
    page.get_by_role("button", name="Let go").click()
    # The recipe that was matched to the video.
    page.get_by_label("recipe", exact=True).click()
    page.get_by_role("option", name="recipe_videos.yaml").click()
    page.locator(".stages b", has_text="Transpose").wait_for()
    until(lambda: page.locator(".see-side dd").count() == 2)
    shot(page, "see")
    page.get_by_role("button", name="16", exact=True).click()
    until(lambda: page.locator(".grid-of-draws img").count() == 16)
    shot(page, "draws")


def test_pages_are_kept_and_exported(
    open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path
) -> None:
    page = window(open_studio(case_b), "/keep")
    page.get_by_text("recipe.yaml, recipe_videos.yaml").wait_for()
    page.get_by_label("Show the recipe as Python").click()
    page.locator(".keep-source").wait_for()
    until(lambda: page.locator(".example-picture img").count() == 5)
    shot(page, "keep")
    page.get_by_role("button", name="Save into the project").click()
    until((case_b / "recipe.py").exists)
    space: dict[str, Any] = {}
    exec((case_b / "recipe.py").read_text(), space)
    assert space["recipe"] == sc.load(case_b / "recipe.yaml")
    # An example opens in a studio of its own, in the same window.
    page.get_by_label("Copy the example How many cells are there?").click()
    page.get_by_role("button", name="Copy and open").click()
    page.wait_for_url(re.compile(r"http://127\.0\.0\.1:\d+/($|build)"), timeout=30_000)
    until(lambda: page.locator(".studio-project").inner_text() == "cell_counting", 15)
    page.locator(".small-pictures img").first.wait_for()
    assert (case_b.parent / "cell_counting" / "recipe.yaml").exists()


def test_in_the_dark(open_studio: Callable[[Path], str], window: Callable[..., Any], case_b: Path) -> None:
    address = open_studio(case_b)
    page = window(address, "/build", "dark")
    page.locator('[data-chip="define.frame.3"]').click()
    page.locator('[data-parameter="snr"]').wait_for()
    shot(page, "build-dark")
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150
    page.goto(f"http://{urlsplit(address).netloc}/see")
    page.locator(".stages .picture").first.wait_for()


def test_nothing_is_asked_of_the_internet(open_studio: Callable[[Path], str], browser: Any, case_b: Path) -> None:
    address = open_studio(case_b)
    asked: set[str] = set()
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.on(
        "request", lambda request: asked.add(urlsplit(request.url).netloc) if request.url.startswith("http") else None
    )
    for path in ("/build", "/see", "/keep"):
        page.goto(address.replace("/?", f"{path}?"))
        page.locator(".studio-here").wait_for()
        page.wait_for_timeout(500)
    context.close()
    assert asked == {urlsplit(address).netloc}
