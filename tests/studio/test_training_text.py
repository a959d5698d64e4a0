"""Training files: what was not edited stays byte for byte."""

from pathlib import Path

import pytest
from drawn import drawn
from hypothesis import example, given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.training.text import NULL, START, checked, get, set_value, values_of

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


UNET = """format: dtmodels-training/1
# what is seen
model:
  kind: unet      # skips
  # small, for it is slow
  convolutions: [8, 16]  # levels
  output_activation: sigmoid  # a share
fit:
  early_stopping:   # none yet
  seed: 1           # any
"""


def test_null_is_written_for_one_value_alone() -> None:
    edited = set_value(UNET, ["model", "output_activation"], NULL)
    assert edited == UNET.replace("sigmoid", "null")
    assert set_value(edited, ["model", "output_activation"], NULL) == edited
    assert set_value(edited, ["model", "output_activation"], "sigmoid") == UNET
    assert set_value(BLOCK, ["model", "activation"], NULL) == BLOCK.replace(
        "outputs: 2\n", "outputs: 2\n  activation: null\n"
    )
    assert get(set_value("a: 1\n", ["b"], {"c": NULL}), ["b"]) == {"c": None}


def test_a_comment_after_an_empty_value_stays_one() -> None:
    edited = set_value(UNET, ["fit", "early_stopping"], 5)
    assert edited == UNET.replace("early_stopping:   #", "early_stopping: 5   #")
    assert set_value("fit: {# none\n}\n", ["fit", "seed"], 1) == "fit: {seed: 1 # none\n}\n"
    assert set_value("fit:\nmodel: {}\n", ["fit", "seed"], 1) == "fit: {seed: 1}\nmodel: {}\n"


@pytest.mark.parametrize(
    "word", ["1e-3", "2E5", "yes", "null", "1_000", "3", "0x1f", "~", "2026-01-01", "# x", "a: b", ""]
)
def test_a_text_that_looks_like_something_else_is_quoted(word: str) -> None:
    edited = set_value("# c\nfit: {seed: 1}\n", ["data", "where"], word)
    assert edited.startswith("# c\nfit: {seed: 1}\ndata: {where: ")
    assert get(edited, ["data", "where"]) == word
    anew = set_value("fit: &a {seed: 1}\nmore: *a\n", ["fit", "loss"], word)  # the whole file is written anew
    assert get(anew, ["fit", "loss"]) == word


def test_comments_beside_what_is_taken_away_stay() -> None:
    text = "fit: {loss: mae,  # robust\n      seed: 1}\n"
    assert set_value(text, ["fit", "seed"], None) == "fit: {loss: mae  # robust\n}\n"
    text = "fit: {loss: mae, seed: 1,\n      # as in the paper\n      epochs: 3}\n"
    assert "# as in the paper\n" in set_value(text, ["fit", "seed"], None)
    text = "data:  # mine\n  where: snr > 5  # bright\n# the network\nmodel: {kind: cnn}\n"
    edited = set_value(text, ["data", "where"], None)
    assert edited == "data:  # mine\n  {}  # bright\n# the network\nmodel: {kind: cnn}\n"
    assert set_value(edited, ["data", "where"], "snr > 5") == text.replace("where: snr > 5", "{where: snr > 5}")


def test_what_is_said_of_a_list_stays_when_it_becomes_a_line() -> None:
    text = "model:\n  convolutions:  # levels\n    - 16\n    - 32\n  kind: cnn\n"
    assert set_value(text, ["model", "convolutions"], [8]) == "model:\n  convolutions: [8]  # levels\n  kind: cnn\n"


def test_true_is_not_one() -> None:
    assert set_value("data: {mirror: 1}\n", ["data", "mirror"], True) == "data: {mirror: true}\n"


@drawn(15)
@given(
    st.sampled_from(["epochs", "seed", "loss", "early_stopping", "schedule"]),
    st.one_of(st.none(), st.just(NULL), st.integers(0, 9), st.text("ab1e-: ", max_size=5)),
    st.sampled_from(
        [
            UNET,
            "# 1\nfit:  # 2\n  # 3\n  epochs: 3  # own\n  # 4\n  seed: 1  # own\n# 5\n",
            "# 1\nfit: {# 2\n  epochs: 3,  # own\n  # 3\n  seed: 1  # own\n}  # 4\n# 5\n",
            "# 1\nfit:  # 2\n\nmodel: {}  # 3\n",
        ]
    ),
)
def test_no_edit_loses_a_comment_of_another(name: str, value: object, text: str) -> None:
    edited = set_value(text, ["fit", name], value)
    told = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    kept = [line.rpartition("#")[2] for line in edited.splitlines() if "#" in line]
    assert [one for one in told if one not in (" own", " any", " none yet")] == [
        one for one in kept if one not in (" own", " any", " none yet")
    ]
    assert get(edited, ["fit", name]) == (None if value is NULL else value)


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
@example(START, [(["fit", "loss"], "\x85"), (["data", "where"], "a\u2028b")])  # line breaks to YAML
def test_any_edits_mean_what_was_asked_for(text: str, edits: list[tuple[list[str], object]]) -> None:
    for path, value in edits:
        text = set_value(text, path, value)
        assert get(text, path) == value
