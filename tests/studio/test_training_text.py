"""Training files: what was not edited stays byte for byte."""

from pathlib import Path

import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.training.text import START, checked, get, set_value, values_of

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/training*.yaml"))
BLOCK = """# a network
format: dtmodels-training/1
model:
  kind: cnn   # small
  convolutions:
    - 16
    - 32
  dense: [32]
  outputs: 2

fit:
  epochs: 30
# the end
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_edit_of_an_example_changes_one_value_and_back_is_the_same_text(path: Path) -> None:
    text = path.read_text()
    edited = set_value(text, ["fit", "epochs"], 7)
    assert get(edited, ["fit", "epochs"]) == 7
    assert len(edited.splitlines()) == len(text.splitlines())
    assert set_value(edited, ["fit", "epochs"], get(text, ["fit", "epochs"])) == text
    checked(edited)


def test_the_start_is_a_training_file() -> None:
    assert checked(START).fit.epochs == 30


def test_a_value_is_replaced_in_place() -> None:
    text = "format: dtmodels-training/1\nmodel:  {kind: cnn, outputs: 2}   # numbers\n"
    assert set_value(text, ["model", "outputs"], 3) == text.replace("2}", "3}")


def test_keys_are_added_to_flow_and_block_and_taken_away_again() -> None:
    for text in (START, BLOCK):
        edited = set_value(text, ["fit", "schedule"], "cosine")
        assert get(edited, ["fit", "schedule"]) == "cosine"
        assert set_value(edited, ["fit", "schedule"], None) == text


def test_a_new_section_goes_to_the_end() -> None:
    edited = set_value(START, ["machine", "precision"], "mixed_bfloat16")
    assert edited == f"{START}machine: {{precision: mixed_bfloat16}}\n"


def test_a_block_list_becomes_a_line() -> None:
    edited = set_value(BLOCK, ["model", "convolutions"], [8, 16])
    assert edited == BLOCK.replace("\n    - 16\n    - 32", " [8, 16]")


def test_what_does_not_change_anything_changes_no_byte() -> None:
    assert set_value(BLOCK, ["fit", "epochs"], 30) == BLOCK
    assert set_value(BLOCK, ["fit", "schedule"], None) == BLOCK


def test_numbers_are_read_as_dtmodels_reads_them() -> None:
    text = set_value(START, ["fit", "optimizer"], {"adam": {"learning_rate": 1e-3}})
    assert get(text, ["fit", "optimizer", "adam", "learning_rate"]) == 0.001
    assert get(set_value(text, ["fit", "optimizer", "adam", "learning_rate"], 3e-7), ["fit", "optimizer"]) == {
        "adam": {"learning_rate": 3e-7}
    }


def test_anchors_are_written_anew_rather_than_wrongly() -> None:
    text = "format: dtmodels-training/1\nmodel: {kind: cnn, convolutions: &a [8], dense: *a}\n"
    edited = set_value(text, ["model", "convolutions"], [9])
    assert values_of(edited)["model"] == {"kind": "cnn", "convolutions": [9], "dense": [8]}


def test_messages_are_those_of_the_library() -> None:
    with pytest.raises(StudioError, match=r"fit\.epochs: -3; Input should be greater"):
        checked(set_value(START, ["fit", "epochs"], -3))
    with pytest.raises(StudioError, match=r"model\.kind: 'cnm'; known"):
        checked(set_value(START, ["model", "kind"], "cnm"))
    with pytest.raises(StudioError, match="not YAML"):
        checked("model: {")


PATHS = st.sampled_from(
    [["fit", "epochs"], ["fit", "loss"], ["model", "outputs"], ["data", "where"], ["input", "grey"]]
)
VALUES = st.one_of(
    st.none(),
    st.integers(0, 10**6),
    st.floats(1e-9, 1e9),
    st.booleans(),
    st.text(max_size=20),
    st.lists(st.integers(0, 99), max_size=4),
)


@drawn(15)
@given(
    st.sampled_from([START, BLOCK, *(path.read_text() for path in EXAMPLES)]),
    st.lists(st.tuples(PATHS, VALUES), max_size=6),
)
def test_any_edits_mean_what_was_asked_for(text: str, edits: list[tuple[list[str], object]]) -> None:
    for path, value in edits:
        text = set_value(text, path, value)
        assert get(text, path) == value
