"""Cards: true, whole, and harmless whatever a recipe or a title says."""

import base64
import html.parser
import io
import os
import re

import numpy as np
import pytest
from fake_recipe import FakeRecipe
from literal_reader import read
from markdown_it import MarkdownIt
from PIL import Image
from recipes import every_kind, moving

import simcore as sc
from simcore import datasets, run
from simcore.card.histograms import histograms
from simcore.errors import DatasetError, ParameterError, StorageError

HOSTILE = (
    "</pre><script>alert('gotcha')</script><img src=x onerror=alert(1)>[click](javascript:alert(2))\n# |`````\n<b>"
)


@pytest.fixture(autouse=True, scope="module")
def _fast_disk():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    every_kind().generate(folder / "stills.zarr", count=30, seed=1, unit=8, chunk=4, progress=False)
    moving().generate(folder / "movies.zarr", count=12, seed=2, progress=False)
    return folder


class Page(html.parser.HTMLParser):
    """What a browser sees: texts, tags, addresses of pictures."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.tags, self.pictures = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.pictures.append(dict(attributes)["src"])

    def handle_data(self, data):
        self.texts.append(data)


def page_of(path):
    return Page(path.read_text(encoding="utf-8"))


def test_a_card_says_what_lies_there(stored, tmp_path):
    sc.write_card(stored / "stills.zarr", tmp_path / "card.html")
    attributes, arrays = read(stored / "stills.zarr")
    text = " ".join(page_of(tmp_path / "card.html").texts)
    assert attributes["identity"] in text and attributes["metadata"]["recipe_sha256"] in text
    assert attributes["metadata"]["recipe"].strip() in "".join(page_of(tmp_path / "card.html").texts)
    for name, array in arrays.items():
        assert name in text and " × ".join(map(str, array.shape)) in text and str(array.dtype) in text
    for name, version in attributes["about"]["packages"].items():
        assert f"{name} {version}" in text
    finite = arrays["position"][np.isfinite(arrays["position"][..., 0]), 0]
    assert f"{finite.min():.4g} to {finite.max():.4g} µm, mean {finite.mean(dtype=float):.4g}" in text


def test_the_page_needs_nothing_else(stored, tmp_path):
    sc.write_card(stored / "movies.zarr", tmp_path / "card.html")
    page = page_of(tmp_path / "card.html")
    assert [entry.name for entry in tmp_path.iterdir()] == ["card.html"]
    assert len(page.pictures) == 1 + len(histograms(sc.open_dataset(stored / "movies.zarr")))
    for source in page.pictures:
        kind, _, data = source.partition(";base64,")
        assert kind == "data:image/png"
        Image.open(io.BytesIO(base64.b64decode(data))).verify()
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object"}
    assert "prefers-color-scheme: dark" in (tmp_path / "card.html").read_text()


def hostile_dataset(path):
    recipe = FakeRecipe(text=f"fake: 1\n# {HOSTILE}\n")
    for name, output in recipe.outputs.items():
        object.__setattr__(output, "description", f"{name} {HOSTILE}")
        object.__setattr__(output, "units", "<i>um")
    run.generate(recipe, path, 10, 1, progress=False)
    sc.set_about(path, title=HOSTILE, licence=HOSTILE, authors=HOSTILE, citation=HOSTILE)
    return path


def test_hostile_texts_are_shown_and_do_nothing(tmp_path):
    sc.write_card(hostile_dataset(tmp_path / "<u>data.zarr"), tmp_path / "card.html")
    page = page_of(tmp_path / "card.html")
    assert not {tag for tag, _ in page.tags} & {"script", "u", "a"}
    assert not any(attribute.startswith("on") for _, attributes in page.tags for attribute in attributes)
    assert all(source.startswith("data:image/png") for source in page.pictures)
    assert "".join(page.texts).count("<script>alert('gotcha')</script>") >= 9
    assert "<script>" not in (tmp_path / "card.html").read_text()


def test_hostile_texts_in_markdown(tmp_path):
    sc.write_card(hostile_dataset(tmp_path / "data.zarr"), tmp_path / "card.md")
    text = (tmp_path / "card.md").read_text()
    rendered = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    tags = {tag for tag, _ in rendered.tags}
    assert not tags & {"script", "a", "b", "i"} and "table" in tags
    assert not any(attribute.startswith("on") for _, attributes in rendered.tags for attribute in attributes)
    assert all(re.fullmatch(r"card_files/\w+\.png", source) for source in rendered.pictures)
    code = [tag for tag, _ in rendered.tags].count("pre")
    assert code == 2  # the citation and the recipe, which no backticks in them end
    assert sum(tag == "h1" for tag, _ in rendered.tags) == 1


@pytest.mark.thorough
def test_markdown_has_its_pictures_beside_it(stored, tmp_path):
    sc.write_card(stored / "stills.zarr", tmp_path / "card.md")
    rendered = Page(MarkdownIt("commonmark").enable("table").render((tmp_path / "card.md").read_text()))
    assert len(rendered.pictures) == len(list((tmp_path / "card_files").iterdir())) > 5
    for source in rendered.pictures:
        Image.open(tmp_path / source).verify()


def test_title_licence_and_citation_are_on_it(stored, tmp_path):
    told = {"title": "Two & more emitters", "licence": "CC BY 4.0", "authors": "A. B.", "citation": "Line 1\nLine 2"}
    sc.set_about(stored / "movies.zarr", **told)
    sc.write_card(stored / "movies.zarr", tmp_path / "card.html")
    texts = " ".join(page_of(tmp_path / "card.html").texts)
    assert all(said in texts for said in told.values())
    with pytest.raises(ParameterError, match="title: must be a text"):
        sc.set_about(stored / "movies.zarr", title="x" * 10_001)


def test_histograms_count_every_number(stored):
    _, arrays = read(stored / "stills.zarr")
    made = {one.name: one for one in histograms(sc.open_dataset(stored / "stills.zarr"))}
    assert {
        "position_z",
        "position_y",
        "position_x",
        "radius_radius",
        "pair_0",
        "number",
        "flag",
        "position_count",
    } <= set(made)
    z = arrays["position"][..., 0].ravel()
    z = z[np.isfinite(z)].astype(float)
    np.testing.assert_array_equal(made["position_z"].counts, np.histogram(z, made["position_z"].edges)[0])
    assert made["position_z"].counts.sum() == len(z) == arrays["position_count"].sum()
    assert made["position_z"].missing == 90 - len(z)
    assert made["position_z"].mean == pytest.approx(z.mean())
    values, counts = np.unique(arrays["position_count"], return_counts=True)
    assert made["position_count"].counts.tolist() == counts.tolist()
    assert made["position_count"].edges.tolist() == [*(values - 0.5), values[-1] + 0.5]
    assert made["radius_refractive_index"].counts.sum() == len(z)


@pytest.mark.thorough
def test_a_card_of_a_view(stored, tmp_path):
    view = sc.subset(stored / "stills.zarr", "number > 500000000000", tmp_path / "some.json")
    sc.write_card(tmp_path / "some.json", tmp_path / "card.html")
    text = " ".join(page_of(tmp_path / "card.html").texts)
    assert "number > 500000000000" in text and view.identity in text and f"{len(view)} of 30" in text


def test_a_dataset_without_images_has_a_card(tmp_path):
    sc.Recipe(snr=sc.uniform(1, 2), constant=sc.uniform(3, 3.0000001)).generate(
        tmp_path / "numbers.zarr", count=3, seed=1, progress=False
    )
    sc.write_card(tmp_path / "numbers.zarr", tmp_path / "card.html")
    assert len(page_of(tmp_path / "card.html").pictures) == 2


def test_what_cannot_be_is_refused(stored, tmp_path):
    with pytest.raises(ParameterError, match=r"must end in .html or .md"):
        sc.write_card(stored / "stills.zarr", tmp_path / "card.pdf")
    with pytest.raises(StorageError, match="No such file"):
        sc.write_card(stored / "stills.zarr", tmp_path / "no" / "card.html")
    datasets.create(FakeRecipe(), tmp_path / "half.zarr", 20, 1, render_version=1)
    with pytest.raises(DatasetError, match="not complete"):
        sc.write_card(tmp_path / "half.zarr", tmp_path / "card.html")
