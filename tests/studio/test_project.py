"""The project folder: paths stay inside, files are written whole, nobody's edit is overwritten."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from studio.building.document import Document
from studio.errors import ConflictError, OutsideError, ProjectError
from studio.project import Project


@pytest.mark.parametrize("path", ["..", "../x", "/etc/passwd", "a/../../x", "link/passwd", "\0"])
def test_paths_do_not_leave_the_folder(tmp_path: Path, path: str) -> None:
    project = Project(tmp_path / "p")
    (project.folder / "link").symlink_to("/etc")
    with pytest.raises(OutsideError):
        project.inside(path)


def test_what_lies_inside_is_found(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "measured").mkdir()
    for name in ("recipe_b.yaml", "recipe.yaml"):
        (tmp_path / name).write_text("format: simcore-recipe/1\n")
    (tmp_path / "notes.yaml").write_text("a: 1")
    (tmp_path / "measured" / "a.TIF").write_bytes(b"")
    (tmp_path / "away.png").symlink_to("/etc/hostname")
    assert project.recipes() == ["recipe.yaml", "recipe_b.yaml"]
    assert project.measured() == ["measured/a.TIF"]
    assert project.relative("measured/../recipe.yaml") == "recipe.yaml"


def test_a_file_for_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="a project is a folder"):
        Project(tmp_path / "file")


def test_what_was_not_edited_stays_byte_for_byte(tmp_path: Path) -> None:
    raw = "# é\r\nformat: simcore-recipe/1\r\noutputs: {a: 1}\r\n\r\n".encode()
    (tmp_path / "recipe.yaml").write_bytes(raw)
    document = Document(Project(tmp_path), "recipe.yaml")
    document.save()
    document.refresh()
    assert (tmp_path / "recipe.yaml").read_bytes() == raw


def test_two_windows_do_not_lose_each_others_edits(tmp_path: Path) -> None:
    project = Project(tmp_path)
    one, two = Document(project, "recipe.yaml"), Document(project, "recipe.yaml")
    one.edit("a: 1\n")
    two.edit("b: 2\n")
    assert isinstance(two.conflict, ConflictError) and two.unsaved and two.text == "b: 2\n"
    assert (tmp_path / "recipe.yaml").read_text() == "a: 1\n"
    two.edit("b: 3\n")  # goes on, still in conflict
    assert (tmp_path / "recipe.yaml").read_text() == "a: 1\n"
    name = two.keep_mine()
    assert (tmp_path / name).read_text() == "b: 3\n" and two.text == "a: 1\n" and not two.unsaved
    two.undo()
    assert two.text == "b: 3\n" and (tmp_path / "recipe.yaml").read_text() == "b: 3\n"
    assert one.refresh() and one.text == "b: 3\n"
    one.undo()
    assert one.text == "a: 1\n"
    two.edit("c: 4\n")
    two.overwrite()
    assert (tmp_path / "recipe.yaml").read_text() == "c: 4\n"
    two.undo()
    assert two.text == "a: 1\n"  # theirs can be had back


def test_a_file_changed_in_a_terminal_is_taken_over(tmp_path: Path) -> None:
    document = Document(Project(tmp_path), "recipe.yaml")
    document.edit("a: 1\n")
    (tmp_path / "recipe.yaml").write_text("a: 2\n")
    assert document.refresh() and document.text == "a: 2\n"
    document.undo()
    assert document.text == "a: 1\n"


def test_an_edit_that_the_disk_refuses_is_kept_and_saved_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path)
    document = Document(project, "recipe.yaml")
    document.edit("a: 1\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        document.edit("a: 2\n")
        assert "No space left" in document.failure and document.text == "a: 2\n"
        assert (tmp_path / "recipe.yaml").read_text() == "a: 1\n"
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".recipe")] == []
    document.refresh()
    assert not document.unsaved and (tmp_path / "recipe.yaml").read_text() == "a: 2\n"


def test_a_folder_that_vanishes_takes_no_edit_with_it(tmp_path: Path) -> None:
    document = Document(Project(tmp_path / "p"), "recipe.yaml")
    document.edit("a: 1\n")
    shutil.rmtree(tmp_path / "p")
    assert not document.refresh() and "folder is gone" in document.failure and document.text == "a: 1\n"
    document.edit("a: 2\n")
    assert document.failure and document.text == "a: 2\n"
    (tmp_path / "p").mkdir()
    document.take_theirs()
    document.undo()
    assert (tmp_path / "p" / "recipe.yaml").read_text() == "a: 2\n" and not document.failure


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProjectError, match="not a text file"):
        Project(tmp_path).read("recipe.yaml")


def test_edits_of_one_field_are_undone_together(tmp_path: Path) -> None:
    document = Document(Project(tmp_path), "recipe.yaml")
    document.edit("0")
    for text in ("1", "12", "123"):
        document.edit(text, "radius")
    document.undo()
    assert document.text == "0"
    document.redo()
    assert document.text == "123"


@given(st.lists(st.one_of(st.integers(0, 99), st.sampled_from(["undo", "redo"])), max_size=30))
@drawn(5)
def test_undo_and_redo_go_back_and_forth(tmp_path_factory: pytest.TempPathFactory, moves: list[int | str]) -> None:
    document = Document(Project(tmp_path_factory.mktemp("p")), "recipe.yaml")
    past, future, now = [], [], ""
    for move in moves:
        if move == "undo":
            document.undo()
            if past:
                future.append(now)
                now = past.pop()
        elif move == "redo":
            document.redo()
            if future:
                past.append(now)
                now = future.pop()
        elif str(move) != now:
            document.edit(str(move))
            past.append(now)
            now, future = str(move), []
        assert document.text == now
        assert document.project.read("recipe.yaml").text == now
