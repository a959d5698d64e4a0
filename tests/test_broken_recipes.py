"""Recipes that are broken or hostile: one line, never a traceback, and never code that was not asked for."""

import contextlib
import io
from pathlib import Path

import pytest
import yaml
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from simcore import cli

FOLDER = Path(__file__).parent / "broken_recipes"
# What one may write and what is not an error: a dataset of it cannot be made, or its values are not numbers.
GOOD = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(4, 12), y=uniform(4, 12), z=normal(0, 1.0), radius=uniform(0.5, 1.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.2, wavelength="600 nm", pixel_size=0.2, refractive_index_medium=1.33, shape=(8, 9))
  clean:      particle.repeat(integers(1, 4), min_distance=2) >> microscope
outputs:
  image:      clean >> PoissonNoise(snr=uniform(2, 60), background=1) >> FlipLeftRight(probability=0.5)
  position:   positions(particle.repeat(2))
  z:          where(equal(choice([1, 2]), 1), 0.5 * particle.radius, -2 ** 2)
"""


def run(*arguments):
    """The command line: its status, and what it said in one line or in none."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.run([str(argument) for argument in arguments])
    lines = err.getvalue().splitlines()
    assert status in (0, 1, 2)
    assert len(lines) == (status > 0), lines
    assert "SIMCORE_TRACEBACK" not in err.getvalue(), lines  # what only its author could make sense of
    return status, lines


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_corpus(file, trust):
    generate = ["generate", file, "train.zarr", "--count", 3, "--seed", 1, "--quiet"]
    for arguments in (["export", file], generate):
        run(*arguments, *(["--trust"] if trust and not file.stem.startswith(("code", "apply")) else []))
    assert run(*generate)[0] == 1
    assert not Path("executed").exists()


_WORDS = [
    *(
        "particle",
        "microscope",
        "uniform",
        "image",
        "repeat",
        "positions",
        "where",
        "None",
        "True",
        "self",
        "__class__",
    ),
    *(
        "0",
        "-1",
        "1e999",
        "10**9",
        "nan",
        "1j",
        "'633 nm'",
        "''",
        "[]",
        "()",
        "(1, 2)",
        "{}",
        "*",
        "**",
        ">>",
        "@",
        "=",
        ",",
    ),
    *("\n", "\n  x: ", ": ", "&a ", "*a", "!!python/name:os.system ", "\0", "\ud800", "é", "#", "...", "---"),
]


@given(st.data())
@drawn(60)
def test_recipes_cut_and_mixed(data):
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200]))
        word = data.draw(st.sampled_from(_WORDS) | st.text(max_size=4))
        text = text[:start] + word + text[start + length :]
    Path("fuzzed.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    run("export", "fuzzed.yaml")
    assert sorted(path.name for path in Path().iterdir()) == ["fuzzed.yaml"]


_ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def _grown(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)


@given(st.recursive(_ATOMS, _grown))
@drawn(30)
def test_recipes_of_anything(value):
    for document in (value, {"format": "simcore-recipe/1", "define": {"a": value}, "outputs": {"x": value, "y": "a"}}):
        Path("fuzzed.yaml").write_bytes(yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"))
        run("export", "fuzzed.yaml")
