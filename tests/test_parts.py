"""Parts of a dataset: every unit in exactly one of them, whoever counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simcore.engines.parts import read_part
from simcore.errors import ParameterError


@given(of=st.integers(1, 40), total=st.integers(0, 200))
def test_every_unit_is_in_exactly_one_part(of, total):
    parts = [read_part(f"{number}/{of}") for number in range(1, of + 1)]
    assert sorted(unit for part in parts for unit in part.units(total)) == list(range(total))
    for number, part in enumerate(parts, 1):
        assert all(unit % of == number - 1 for unit in part.units(total))


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/3", "1/0", "-1/3", "1/3/5", "", "1.5/3", "auto/", "auto/0", 3])
def test_what_is_no_part(text):
    with pytest.raises(ParameterError, match="part: "):
        read_part(text, {"SLURM_ARRAY_TASK_ID": "1"})


def slurm(index, first, last, step=1, count=None):
    names = ("ID", "MIN", "MAX", "STEP", "COUNT")
    values = (index, first, last, step, (last - first) // step + 1 if count is None else count)
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in zip(names, values, strict=True)}


def sge(index, first, last, step=1):
    names = ("ID", "FIRST", "LAST", "STEPSIZE")
    return {f"SGE_TASK_{name}": str(value) for name, value in zip(names, (index, first, last, step), strict=True)}


def lsf(index, last, step=1):
    return {"LSB_JOBINDEX": str(index), "LSB_JOBINDEX_END": str(last), "LSB_JOBINDEX_STEP": str(step)}


@pytest.mark.parametrize(
    ("text", "environment", "number", "of"),
    [
        ("auto", slurm(1, 1, 100), 1, 100),
        ("auto", slurm(0, 0, 99), 1, 100),
        ("auto", slurm(99, 0, 99), 100, 100),
        ("auto", slurm(7, 1, 9, 2), 4, 5),
        ("auto", sge(1, 1, 100), 1, 100),
        ("auto", sge(60, 20, 100, 20), 3, 5),
        ("auto", {**sge(1, 1, 1), "SGE_TASK_ID": "undefined", **slurm(2, 1, 3)}, 2, 3),
        ("auto", lsf(1, 100), 1, 100),
        ("auto", lsf(100, 100), 100, 100),
        ("auto", lsf(5, 9, 2), 3, 5),
        ("auto/100", {"PBS_ARRAY_INDEX": "7"}, 7, 100),
        ("auto/100", {"PBS_ARRAYID": "100"}, 100, 100),
        ("auto/100", slurm(17, 3, 17, count=2), 17, 100),
    ],
)
def test_the_queue_says_which_part(text, environment, number, of):
    part = read_part(text, environment)
    assert (part.number, part.of) == (number, of)


@pytest.mark.parametrize("first", [0, 1, 5])
def test_any_indices_in_a_row_are_different_parts(first):
    parts = [read_part("auto/7", {"PBS_ARRAY_INDEX": str(first + task)}) for task in range(7)]
    assert {part.number for part in parts} == set(range(1, 8))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no task of a job array"),
        ({"SGE_TASK_ID": "undefined"}, "no task of a job array"),
        (lsf(0, 0, 0), "no task of a job array"),
        ({"PBS_ARRAY_INDEX": "7"}, "say auto/N"),
        (slurm(17, 3, 17, count=2), "gaps"),
    ],
)
def test_where_the_queue_does_not_say(environment, said):
    with pytest.raises(ParameterError, match=said):
        read_part("auto", environment)
