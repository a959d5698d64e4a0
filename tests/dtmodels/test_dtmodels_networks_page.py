"""docs/networks.md says what the code does: arguments, defaults, weight counts."""

import inspect
import re
from pathlib import Path

import pytest
import yaml

import dtmodels as dm

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text()


def rows(heading):
    """Cells of the rows of the first table below a heading."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]


def test_every_argument_with_its_default():
    head, _, *table = rows("Arguments and their defaults")
    kinds = [cell.strip("`| ") for cell in head[2:]]
    assert sorted(kinds) == sorted(dm.models.KINDS)
    for place, kind in enumerate(kinds, start=2):
        told = {row[0].strip("`| "): row[place].strip("`| ") for row in table if row[place].strip("`| ")}
        parameters = dict(inspect.signature(dm.models.KINDS[kind]).parameters)
        parameters.pop("input_shape")
        plain = {name: list(p.default) if isinstance(p.default, tuple) else p.default for name, p in parameters.items()}
        assert {name: yaml.safe_load(value) for name, value in told.items()} == plain


@pytest.mark.parametrize("row", rows("The seven cases of the paper")[2:], ids=lambda row: row[0].strip("| "))
def test_the_weights_of_every_case(row):
    shape = yaml.safe_load(row[1].replace("(", "[").replace(")", "]"))
    model = dm.models.build(yaml.safe_load(row[2].strip("`")), shape)
    told = [int(number.replace(",", "")) for number in re.findall(r"[\d,]{5,}\d", row[3])]
    assert told[0] == model.count_params()
    if told[1:]:
        assert told[1:] == [model.generator.count_params(), model.discriminator.count_params()]


def test_training_files_of_the_page_are_valid(tmp_path):
    from dtmodels.configuration import load_configuration

    for k, block in enumerate(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)):
        model = "" if "model:" in block else "model: {kind: unet}\n"
        (tmp_path / f"{k}.yaml").write_text(f"format: dtmodels-training/1\n{model}{block}")
        load_configuration(tmp_path / f"{k}.yaml")
