"""The catalogue: every feature is on the page, the page is what the command makes, what is new appears by itself."""

import importlib.util
import re
from pathlib import Path

import attrs
import numpy as np
import pytest

import simcore as sc
from simcore import cli
from simcore.catalogue import DRAWS, FEATURES, FUNCTIONS
from simcore.features import Feature
from simcore.gallery import catalogue_text
from simcore.gallery.drawing import draw_picture
from simcore.gallery.examples import built
from simcore.gallery.page import default, diagrams, pictures, prose, span
from simcore.gallery.pictures import Picture, Shot, of_operation
from simcore.operations.base import Operation
from simcore.parameters import option, parameter, whole_number

DOCS = Path(__file__).parents[1] / "docs"
LARGEST = 3_000_000  # bytes of all pictures


@pytest.fixture(scope="module")
def page():
    return catalogue_text()


@pytest.fixture(scope="module")
def sections(page):
    return dict(part.split("\n", 1) for part in page.split("\n### ")[1:])


def test_the_page_in_the_repository_is_what_the_command_makes(page):
    assert (DOCS / "catalogue.md").read_text(encoding="utf-8") == page, "run: simcore catalogue"


def test_every_picture_is_there_and_no_other():
    wanted = {f"{name}.png" for name in (*pictures(), *diagrams())}
    files = list((DOCS / "catalogue").iterdir())
    assert {file.name for file in files} == wanted
    assert sum(file.stat().st_size for file in files) < LARGEST


@pytest.mark.parametrize("title", FEATURES)
def test_every_parameter_is_on_the_page_with_unit_range_and_default(title, sections):
    rows = [line.strip("| ").replace("\\|", "/").split(" | ") for line in sections[title].split("\n") if "| `" in line]
    table = {row[0].strip("`"): row[1:] for row in rows}
    cls = FEATURES[title]
    fields = attrs.fields_dict(cls)
    for name, declared in cls.declarations():
        _, unit, allowed, usual = table[fields[name].alias]
        assert (unit, allowed, usual) == (declared.unit, span(declared), default(fields[name]))
    for name, setting in cls.options():
        assert table[fields[name].alias][0][:8] == setting.doc[:8]


def test_draws_functions_and_docstrings_are_on_the_page(sections):
    for name in (*DRAWS, *FUNCTIONS, "repeat"):
        assert name in sections
    for title, cls in FEATURES.items():
        assert prose(str(cls.__doc__)).split("\n")[0][:60] in sections[title]


@pytest.mark.parametrize("title", FEATURES)
def test_every_feature_has_a_picture_that_shows_something(title):
    shot = pictures()[title].main or pictures()[title].rows[0][0]
    panel = shot.render()
    assert np.isfinite(panel.image).all()
    assert panel.image.max() > panel.image.min()


class Posterize(Operation):
    """A feature that the catalogue has not heard of: whole multiples of ``step``, ``times`` over."""

    step: object = parameter("height of a step", above=0, below=0.5)
    times: int = option("how often", read=whole_number(2, 5))

    def apply(self, plan, data, flow):
        return np.floor(data / plan.value(self.step)[:, None, None, None]) * plan.value(self.step)[:, None, None, None]


def test_a_new_feature_appears_by_itself(monkeypatch):
    monkeypatch.setitem(FEATURES, "Posterize", Posterize)
    feature = built(Posterize, {})
    assert (feature.step.value, feature.times) == (0.25, 3)
    before, after = (shot.render().image for shot in of_operation("Posterize").rows[0])
    assert np.ptp(before % 0.25) > 0.2 and np.array_equal(after, np.floor(before / 0.25) * 0.25)


def test_what_cannot_be_guessed_is_said(monkeypatch):
    class Unguessable(Feature):
        word: int = option("a large number", read=whole_number(1000, 1001))

    with pytest.raises(sc.RecipeError, match=r"Unguessable\.word: no value known"):
        built(Unguessable, {})


def test_pictures_are_the_same_every_time(tmp_path):
    shot = Shot("a title", sc.MieSphere(x=8, y=9, radius=0.3, refractive_index=1.5) >> built(sc.Brightfield, {}))
    for name in ("one.png", "two.png"):
        draw_picture(Picture([[shot, shot]]), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_command_writes_page_and_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("simcore.gallery.page.pictures", lambda: {"Clip": of_operation("Clip")})
    monkeypatch.setattr("simcore.gallery.page.diagrams", lambda: ("uniform",))
    monkeypatch.setattr("simcore.gallery.page.catalogue_text", lambda folder: f"pictures in {folder}")
    assert cli.run(["catalogue", "--out", str(tmp_path / "list.md")]) == 0
    assert (tmp_path / "list.md").read_text() == "pictures in list"
    assert {file.name for file in (tmp_path / "list").iterdir()} == {"Clip.png", "uniform.png"}
    assert "2 pictures" in capsys.readouterr().out


def test_the_readme_shows_every_picture_of_the_gallery():
    specification = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    gallery = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(gallery)
    names = {picture.__name__ for picture in gallery.PICTURES}
    files = list((DOCS / "gallery").iterdir())
    assert {file.stem for file in files} == names
    assert sum(file.stat().st_size for file in files) < 2_000_000
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert {Path(path).stem for path in re.findall(r"\]\((docs/gallery/\w+\.png)\)", text)} == names
