"""What one window does with a project's recipes, without the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nicegui import Client
from nicegui.page import page

from studio.building import checking
from studio.building.document import Document
from studio.building.session import Session
from studio.panels.pipeline import Pipeline
from studio.project import Project
from studio.recipe_text import RecipeText
from studio.watching.sliding import held, slides

HEAD = "format: simcore-recipe/1\n"
CODE = HEAD + "code:\n  one: |\n    @sc.draw\n    def one(rng):\n        return {}\noutputs:\n  a: one()\n"


class Told:
    """A studio of which only the project and what is said to the user are there."""

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder)
        self.said: list[str] = []

    def notify(self, message: str, mood: str = "info") -> None:
        self.said.append(message)


def opened(folder: Path) -> tuple[Any, Session]:
    studio: Any = Told(folder)
    return studio, Session(studio)


def test_only_code_that_was_read_runs(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(CODE.format("1.0"))
    (tmp_path / "other.yaml").write_text(CODE.format("[][0]"))
    _, session = opened(tmp_path)
    assert session.problem and session.problem.untrusted and not session.trust
    session.let_run()
    assert session.trust and session.problem is None
    session.open("other.yaml")
    assert session.problem and session.problem.untrusted and not session.trust
    session.open("recipe.yaml")
    assert session.trust and session.problem is None
    # Other code in the same place, from outside: asked again. Another output: not.
    (tmp_path / "recipe.yaml").write_text(CODE.format("2.0"))
    session.refresh()
    assert session.problem and session.problem.untrusted and not session.request().trust
    (tmp_path / "recipe.yaml").write_text(CODE.format("1.0") + "  b: one()\n")
    session.refresh()
    assert session.trust and session.request().trust


def test_a_module_that_is_applied_is_code_as_well(tmp_path: Path) -> None:
    text = HEAD + 'outputs:\n  a: Source("x.npz", a="a").a >> Apply("mine:f")\n'
    (tmp_path / "recipe.yaml").write_text(text)
    _, session = opened(tmp_path)
    session.let_run()
    assert session.trusts(text) and session.trusts(text.replace('"a")', '"b")'))
    for other in (text.replace("mine:f", "theirs:f"), text.replace('"mine', 'shape=(3, 3), function="theirs')):
        assert not session.trusts(other)
    assert not session.trusts(text.replace('Apply("mine', 'Apply ("theirs'))
    (tmp_path / "mine.py").write_text("def f(image):\n    return image\n")
    assert not session.trusts(text)
    session.let_run()
    assert session.trusts(text)


def test_code_is_what_simcore_reads(tmp_path: Path) -> None:
    """Here by way of an anchor that stands elsewhere."""
    text = HEAD + 'define: &all\n  one: "{}"\ncode:\n  <<: *all\noutputs:\n  a: one\n'
    assert checking.code_of(text.format("1"), tmp_path) != checking.code_of(text.format("2"), tmp_path)
    assert checking.code_of("- 1", tmp_path) is None and checking.code_of("a: [", tmp_path) is None


def test_comments_within_an_expression_take_no_page_away(tmp_path: Path) -> None:
    define = "define:\n  a: |\n    uniform(0,  # the lowest\n      1)\n"
    (tmp_path / "recipe.yaml").write_text(HEAD + define + "outputs:\n  b: a\n")
    _, session = opened(tmp_path)
    client = Client(page("/"))
    with client:
        pipeline = Pipeline(session, lambda _: None)
    shown = pipeline.cards["define", "a"].box.content
    assert "# the lowest" in shown and 'data-chip="define.a.0"' in shown
    pipeline.menu._copy(session.recipe.find("define", "a"))  # type: ignore[union-attr]
    client.delete()
    assert session.recipe is not None and session.recipe.find("define", "a").expression.count("# the lowest") == 1


def test_what_is_not_saved_stays_when_another_recipe_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(HEAD + "outputs:\n  a: uniform(0, 1)\n")
    (tmp_path / "other.yaml").write_text(HEAD + "outputs:\n  b: uniform(0, 1)\n")
    _, session = opened(tmp_path)
    (tmp_path / "recipe.yaml").write_text(HEAD + "outputs:\n  theirs: uniform(0, 1)\n")
    session.edit(lambda r: r.with_expression("outputs", "a", "uniform(0, 2)"))
    assert session.document.conflict
    session.open("other.yaml")
    session.open("recipe.yaml")
    assert session.document.conflict and "uniform(0, 2)" in session.document.text and session.document.can_undo


def test_a_text_written_from_an_older_one_is_not_saved(tmp_path: Path) -> None:
    before, theirs = HEAD + "outputs:\n  a: uniform(0, 1)\n", HEAD + "outputs:\n  a: uniform(0, 3)\n"
    (tmp_path / "recipe.yaml").write_text(before)
    studio, session = opened(tmp_path)
    (tmp_path / "recipe.yaml").write_text(theirs)
    session.refresh()
    assert not session.rewrite(before, before + "  b: 1\n") and "was changed meanwhile" in studio.said[0]
    assert (tmp_path / "recipe.yaml").read_text() == theirs
    assert session.rewrite(theirs, theirs + "  b: 1\n") and (tmp_path / "recipe.yaml").read_text().endswith("b: 1\n")


def test_a_file_that_is_no_text_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "other.yaml").write_text(HEAD + "outputs:\n  b: uniform(0, 1)\n")
    studio, session = opened(tmp_path)
    assert "not a text file" in session.unreadable and session.recipe is None
    assert not session.edit(lambda r: r.with_entry("outputs", "a", "1")) and "not a text file" in studio.said[0]
    session.document.edit("a: 1\n")
    assert (tmp_path / "recipe.yaml").read_bytes() == b"\xff\xfe\x00"
    session.open("other.yaml")
    assert session.recipe is not None
    session.open("recipe.yaml")
    (tmp_path / "recipe.yaml").write_text(HEAD + "outputs:\n  a: uniform(0, 1)\n")
    session.refresh()
    assert session.recipe is not None and session.problem is None
    assert not session.document.can_undo  # to an empty file


def test_a_conflict_takes_the_place_of_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(Project(tmp_path), "recipe.yaml")
    document.edit("a: 1\n")
    told: list[str] = []
    document.listeners.append(lambda: told.append(document.failure))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        document.edit("a: 2\n")
    (tmp_path / "recipe.yaml").write_text("theirs: 1\n")
    document.refresh()
    assert (
        document.conflict and not document.failure and told == ["recipe.yaml: not saved: No space left on device", ""]
    )


def test_what_was_adopted_between_two_edits_of_a_field_can_be_had_back(tmp_path: Path) -> None:
    document = Document(Project(tmp_path), "recipe.yaml")
    document.edit("a: 1\n", "a")
    (tmp_path / "recipe.yaml").write_text("theirs: 1\n")
    document.refresh()
    document.edit("a: 2\n", "a")
    document.undo()
    assert document.text == "theirs: 1\n"


def test_whole_numbers_slide_as_such(tmp_path: Path) -> None:
    _, session = opened(tmp_path)
    text = (
        HEAD
        + "define:\n  p: PointEmitter(x=1, y=1, intensity=5)\n  many: p.repeat(integers(2, 9))\noutputs:\n  n: many.count\n"
    )
    recipe = RecipeText(text)
    (slide,) = [s for s in slides(recipe, session.names) if "count" in s.label]
    assert (slide.whole, slide.low, slide.high) == (True, 2, 8)
    assert "p.repeat(3)" in held(recipe, slide, 3.0, session.names)
