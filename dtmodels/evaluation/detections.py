"""Particles found by a network beside those that were there."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.conditions import Condition
from dtmodels.errors import DatasetError
from dtmodels.evaluation.measures import Measure
from dtmodels.evaluation.neighbors import neighbor_distance
from dtmodels.examples import Examples
from dtmodels.matching import match
from dtmodels.prediction.outputs import OutputSection, particle_table

Array = np.ndarray[Any, Any]
Reader = Callable[[Array], Array]
NEIGHBOR = "neighbor_distance"


class Truth:
    """The particles of one block: places, (z,) y, x of each example, and which of them count."""

    def __init__(self, places: list[Array], counts: list[Array], properties: list[pd.DataFrame]) -> None:
        self.places, self.counts, self.properties = places, counts, properties


class Detections:
    """Particles of a mask or volume against the stored positions ``positions``.

    A found particle and a true one pair within ``radius`` px in the plane (and ``radius_z`` um along z, if z is known).
    True particles outside the image, or for which ``where`` does not hold, need not be found; what is found of them
    does not count either. ``where`` takes stored properties of particles and of examples, and ``neighbor_distance`` (px).
    """

    name, unit = "detections", "px"

    def __init__(
        self,
        examples: Examples,
        positions: str,
        section: OutputSection,
        radius: float,
        radius_z: float,
        where: str | None,
    ) -> None:
        self.examples, self.positions, self.section = examples, positions, section
        self.axes = examples.field(positions).axes or ("y", "x")
        target = examples.fields[0]
        self.z = section.z or target.z
        self.deep = "z" in self.axes and self.z is not None and examples.target_shape[-1] > 1
        self.radius = np.array([radius_z, radius, radius] if self.deep else [radius, radius])
        self.where = Condition(where) if where else None
        self.particle_properties = _of_particles(examples, positions)
        self.needed: tuple[str, ...] = ()  # properties of particles that tables shall hold
        self.measures = _measures(self.deep)

    def described(self) -> str:
        """How particles were found and paired, in a line."""
        along = f", {self.radius[0]:g} um along z" if self.deep else ""
        level = f"{self.section.method} above {self.section.threshold:g}"
        return f"{level}, paired with {self.positions} within {self.radius[-1]:g} px{along}, as many as can be"

    def truth(self, targets: Array, places: Array) -> Truth:
        points = self.examples.properties([self.positions], places)[self.positions].astype(np.float64)
        points = points.reshape(len(places), -1, points.shape[-1])
        values = self._properties(places, points.shape[1])
        found, counts, tables = [], [], []
        for k, rows in enumerate(points):
            there = np.isfinite(rows).all(axis=1)
            one = rows[there][:, self._order()]
            table = pd.DataFrame({name: column[k][there] for name, column in values.items()}, index=range(len(one)))
            table[NEIGHBOR] = neighbor_distance(one[:, -2:])
            found.append(one)
            counts.append(self._inside(one) & self._holds(table))
            tables.append(table)
        return Truth(found, counts, tables)

    def answer(self, outputs: Array) -> list[Array]:
        table = particle_table(outputs, self.section, self.z)
        names = ["z", "y", "x"] if self.deep else ["y", "x"]
        return [table.loc[table["frame"] == k, names].to_numpy() for k in range(len(outputs))]

    def judge(self, truth: Truth, answer: list[Array]) -> pd.DataFrame:
        rows = [self._judged(*one) for one in zip(truth.places, truth.counts, answer, strict=True)]
        return pd.DataFrame(rows)

    def judge_particles(self, truth: Truth, answer: list[Array], first: int) -> pd.DataFrame:
        """One row per true particle that counts: where it is, its properties, whether and how far away it was found."""
        tables = []
        for k, one in enumerate(zip(truth.places, truth.counts, truth.properties, answer, strict=True)):
            tables.append(self._particles(*one).assign(example=first + k))
        return pd.concat(tables, ignore_index=True)

    def _judged(self, places: Array, counts: Array, answer: Array) -> dict[str, float]:
        rows, columns = match(places, answer, self.radius)
        hit = counts[rows]
        difference = (answer[columns] - places[rows])[hit]
        found = {"hits": float(hit.sum()), "misses": float(counts.sum() - hit.sum())}
        found |= {"false_alarms": float(len(answer) - len(columns)), "square": float((difference[:, -2:] ** 2).sum())}
        found |= {"count_true": float(counts.sum()), "count": found["hits"] + found["false_alarms"]}
        return found | ({"square_z": float((difference[:, 0] ** 2).sum())} if self.deep else {})

    def _particles(self, places: Array, counts: Array, properties: pd.DataFrame, answer: Array) -> pd.DataFrame:
        rows, columns = match(places, answer, self.radius)
        squares = np.full((len(places), 2), np.nan)
        difference = answer[columns] - places[rows]
        squares[rows, 0] = (difference[:, -2:] ** 2).sum(axis=1)
        squares[rows, 1] = difference[:, 0] ** 2
        table = pd.DataFrame(places, columns=["z", "y", "x"] if self.deep else ["y", "x"]).join(properties)
        table["hits"] = np.isfinite(squares[:, 0]).astype(float)
        table["misses"], table["false_alarms"] = 1 - table["hits"], 0.0
        table["square"] = np.nan_to_num(squares[:, 0])
        if self.deep:
            table["square_z"] = np.nan_to_num(squares[:, 1])
        return table[counts]

    def _order(self) -> list[int]:
        return [self.axes.index(axis) for axis in (("z", "y", "x") if self.deep else ("y", "x"))]

    def _inside(self, places: Array) -> Array:
        size = np.array(self.examples.input_shape[:2])
        return np.asarray(((places[:, -2:] >= -0.5) & (places[:, -2:] <= size - 0.5)).all(axis=1))

    def _holds(self, table: pd.DataFrame) -> Array:
        if self.where is None:
            return np.ones(len(table), bool)
        held = self.where.holds({name: table[name].to_numpy(float) for name in self.where.names})
        return np.broadcast_to(held, len(table))

    def _properties(self, places: Array, particles: int) -> dict[str, Array]:
        names = dict.fromkeys([*self.needed, *(self.where.names if self.where else ())])
        values = {}
        for name in names:
            if name == NEIGHBOR:
                continue
            if name in self.particle_properties:
                values[name] = self.particle_properties[name](places)
            else:
                whole = _of_examples(self.examples, name, places, self.particle_properties)
                values[name] = np.repeat(whole[:, None], particles, axis=1)
        return values


def _measures(deep: bool) -> tuple[Measure, ...]:
    def share(name: str, title: str, missed: float, false: float, weight: float, plotted: bool = False) -> Measure:
        def combine(sums: Array) -> Array:
            with np.errstate(invalid="ignore", divide="ignore"):
                return weight * sums[:, 0] / (weight * sums[:, 0] + missed * sums[:, 1] + false * sums[:, 2])

        return Measure(name, title, "1", _columns("hits", "misses", "false_alarms"), combine, "higher", plotted)

    def root(sums: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(sums[:, 0] / sums[:, 1])

    measures = [
        share("f1", "F1 score", 1, 1, 2, plotted=True),
        share("precision", "precision", 0, 1, 1),
        share("recall", "recall", 1, 0, 1, plotted=True),
        share("jaccard", "Jaccard index", 1, 1, 1),
        Measure("rmse", "root mean square distance", "px", _columns("square", "hits"), root, plotted=True),
    ]
    if deep:
        measures.append(
            Measure("z_rmse", "root mean square error of z", "um", _columns("square_z", "hits"), root, plotted=True)
        )
    return tuple(measures)


def _columns(*names: str) -> Callable[[pd.DataFrame], Array]:
    return lambda table: table[list(names)].to_numpy(dtype=float)


def _of_particles(examples: Examples, positions: str) -> dict[str, Reader]:
    """Readers of what is stored of each particle: (example, particle)."""
    many = examples.array_shape(positions)[:-1]
    readers: dict[str, Reader] = {}
    for name in examples.names if many else []:
        shape, columns = examples.array_shape(name), examples.array_attributes(name).get("columns")
        if shape == many:
            readers[name] = partial(_read, examples, name, None)
        elif columns and shape == (*many, len(columns)):
            for k, column in enumerate(columns):
                readers.setdefault(str(column), partial(_read, examples, name, k))
    return readers


def _read(examples: Examples, name: str, column: int | None, places: Array) -> Array:
    values = examples.properties([name], places)[name]
    return values if column is None else values[..., column]


def _of_examples(examples: Examples, name: str, places: Array, particle: Sequence[str] | dict[str, Any]) -> Array:
    if name not in examples.names or int(np.prod(examples.array_shape(name), dtype=int)) != 1:
        scalars = [n for n in examples.names if int(np.prod(examples.array_shape(n), dtype=int)) == 1]
        raise DatasetError(
            f"{examples.path}: where: no property {name!r}; there are {', '.join([*particle, NEIGHBOR, *scalars])}"
        )
    return examples.properties([name], places)[name].reshape(len(places))
