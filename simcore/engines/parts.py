"""Parts of a dataset: each task of a job array renders units of its own, and no task knows of another."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

import attrs

from simcore.errors import ParameterError

_ALLOWED = 'must be "K/N" with 1 <= K <= N, "auto", or "auto/N"'


@attrs.frozen
class Part:
    """Part ``number`` of ``of``, counted from 1: units ``number - 1``, ``number - 1 + of`` and so on."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"

    def units(self, total: int) -> range:
        """Which of so many units belong to it."""
        return range(self.number - 1, total, self.of)


class _Variables(NamedTuple):
    """What a queue calls a task's index and the array's first and last index and step; "" where it does not tell."""

    queue: str
    task: str
    first: str = ""
    last: str = ""
    step: str = ""


_QUEUES = (
    _Variables("SLURM", *(f"SLURM_ARRAY_TASK_{word}" for word in ("ID", "MIN", "MAX", "STEP"))),
    _Variables("SGE", *(f"SGE_TASK_{word}" for word in ("ID", "FIRST", "LAST", "STEPSIZE"))),
    _Variables("LSF", "LSB_JOBINDEX", "", "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP"),
    _Variables("PBS", "PBS_ARRAY_INDEX"),
    _Variables("Torque", "PBS_ARRAYID"),
)


def read_part(text: str, environment: Mapping[str, str] = os.environ) -> Part:
    """The part that is meant by ``3/100``, or by ``auto`` or ``auto/100`` in a task of a job array.

    Args:
        text: ``auto`` takes index and number of tasks from the queue, ``auto/N`` the index alone (any N indices in a
            row make N different parts).
        environment: variables of the queue.

    Raises:
        ParameterError: no part, or none that the environment tells.

    """
    match = re.fullmatch(r"(auto|[0-9]{1,18})(?:/([0-9]{1,18}))?", text) if isinstance(text, str) else None
    number, of = match.groups() if match else ("", None)
    try:
        if number == "auto":
            return _automatic(None if of is None else int(of), environment)
        if of is not None:
            return _part(int(number), int(of))
    except ParameterError as error:
        raise ParameterError(f"part: {text!r}; {error}") from None
    raise ParameterError(f"part: {text!r}; {_ALLOWED}")


def _part(number: int, of: int) -> Part:
    if not 1 <= number <= of:
        raise ParameterError(_ALLOWED)
    return Part(number, of)


def _automatic(of: int | None, environment: Mapping[str, str]) -> Part:
    queue = next((queue for queue in _QUEUES if _is_task(queue, environment)), None)
    if queue is None:
        known = ", ".join(f"{queue.task} ({queue.queue})" for queue in _QUEUES)
        raise ParameterError(f"this is no task of a job array: none of {known} is set")
    index = _whole(environment, queue.task) or 0
    if of is not None:
        return _part((index - 1) % of + 1 if of else 0, of)
    last, step = _whole(environment, queue.last), _whole(environment, queue.step) or 1
    if last is None:
        raise ParameterError(f"{queue.queue} does not tell how many tasks there are: say auto/N")
    first = _whole(environment, queue.first)
    first = 1 if first is None else first
    of = (last - first) // step + 1
    if (index - first) % step or (queue.queue == "SLURM" and _whole(environment, "SLURM_ARRAY_TASK_COUNT") != of):
        raise ParameterError("the indices of the job array have gaps: say auto/N or K/N")
    return _part((index - first) // step + 1, of)


def _is_task(queue: _Variables, environment: Mapping[str, str]) -> bool:
    index = _whole(environment, queue.task)
    return index is not None and (index > 0 or queue.queue != "LSF")  # LSF: 0 outside of arrays


def _whole(environment: Mapping[str, str], name: str) -> int | None:
    """A variable as a whole number; None where it is not set, or set to something else (SGE: undefined)."""
    text = environment.get(name, "")
    return int(text) if text.isdecimal() else None
