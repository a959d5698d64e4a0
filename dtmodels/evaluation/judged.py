"""What was said about every example by every contender."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.evaluation.contenders import Contender
from dtmodels.evaluation.numbers import Numbers
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples

Array = np.ndarray[Any, Any]


@dataclass
class Judged:
    """``tables`` has one table per contender, one row per example; ``particles`` one row per true particle that counts."""

    contenders: list[Contender]
    example: Array
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    particles: dict[str, pd.DataFrame] = field(default_factory=dict)
    properties: dict[str, Array] = field(default_factory=dict)
    truths: dict[str, Array] = field(default_factory=dict)
    bound: Array | None = None
    shown: tuple[Array, Array, Array, list[Any]] | None = None  # numbers, images, targets, answers of some examples
    _parts: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    _particle_parts: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [contender.name for contender in self.contenders]

    def add(self, name: str, table: pd.DataFrame) -> None:
        """Put the rows of a block behind those before."""
        self._parts.setdefault(name, []).append(table)

    def add_particles(self, name: str, table: pd.DataFrame) -> None:
        """Put the particles of a block behind those before."""
        self._particle_parts.setdefault(name, []).append(table)

    def joined(self, examples: Examples, task: Task) -> "Judged":
        """Whole tables, after the last block."""
        self.tables = {name: pd.concat(parts, ignore_index=True) for name, parts in self._parts.items()}
        self.particles = {name: pd.concat(parts, ignore_index=True) for name, parts in self._particle_parts.items()}
        if isinstance(task, Numbers):
            table = next(iter(self.tables.values()))
            self.truths = {name: (table[name] - table[f"{name}_difference"]).to_numpy() for name in task.names}
        return self

    def examples(self) -> pd.DataFrame:
        """One table: truths, what each says (``<column>_<contender>``) and how good it is (``<contender>_<column>``)."""
        columns: dict[str, Array] = {"example": self.example}
        columns |= {f"{name}_true": values for name, values in self.truths.items()}
        for contender, table in self.tables.items():
            for name in table:
                if str(name).endswith("_true"):
                    columns.setdefault(str(name), table[name].to_numpy())
                else:
                    said = name in self.truths or name in ("class", "count")
                    columns[f"{name}_{contender}" if said else f"{contender}_{name}"] = table[name].to_numpy()
        if self.bound is not None:
            columns["bound_error"] = self.bound
        return pd.DataFrame(columns | self.properties)
