"""Diagrams of what is no feature: distributions as histograms, motion as tracks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from simcore.gallery.examples import MIDDLE, arguments, example, function
from simcore.movies import Movie
from simcore.properties import Property
from simcore.recipe import Recipe
from simcore.streams import Array
from simcore.targets import positions

SEED = 1
COUNT = 20_000
FRAMES, INTERVAL, TRACKS = 200, 0.02, 4


def drawn(name: str) -> Any:
    """Return a draw or a motion in its usual setting."""
    return function(name)(**arguments(name))


def diagram(name: str) -> Callable[[Axes], None]:
    """Return what draws a distribution or a motion, by its name."""
    if not moves(name):
        return lambda axis: _histogram(axis, name)
    planar = "pixel_size" in inspect.signature(function(name)).parameters
    return lambda axis: _tracks(axis, name) if planar else _series(axis, name)


def moves(name: str) -> bool:
    """Return whether a draw changes with time."""
    return _is_clocked(drawn(name))


def _is_clocked(node: Property) -> bool:
    return node.clocked or any(_is_clocked(child) for child in node.inputs)


def _histogram(axis: Axes, name: str) -> None:
    values = np.asarray(Recipe(value=drawn(name)).render(COUNT, seed=SEED)["value"], float)
    distinct = np.unique(values)
    if len(distinct) < 40:
        axis.bar(distinct, [np.mean(values == value) for value in distinct], width=0.8 * _step(distinct), color="0.5")
    else:
        axis.hist(values[values <= np.quantile(values, 0.998)], bins=60, density=True, color="0.5")
    axis.set_yticks([])
    axis.set_title(written(name), fontsize=7)


def _step(values: Array) -> float:
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def movie(**outputs: Any) -> dict[str, Array]:
    """Render what moves, `TRACKS` examples of `FRAMES` frames."""
    clock = Movie(frames=FRAMES, interval=INTERVAL)
    particle = example("MieSphere", x=outputs.get("x", MIDDLE), y=outputs.get("y", MIDDLE))
    return Recipe(points=positions(particle) >> clock, **outputs).render(TRACKS, seed=SEED)  # type: ignore[arg-type]


def _tracks(axis: Axes, name: str) -> None:
    arrays = movie(x=drawn(name), y=drawn(name))
    for track in arrays["points"]:
        axis.plot(track[:, 1], track[:, 0], linewidth=0.6)
        axis.plot(*track[0, ::-1], "o", markersize=3, color="black")
    axis.set_aspect("equal", adjustable="datalim")
    axis.invert_yaxis()
    axis.set_xlabel("x (px)", fontsize=6)
    axis.set_ylabel("y (px)", fontsize=6)
    axis.set_title(written(name), fontsize=6)


def _series(axis: Axes, name: str) -> None:
    time = INTERVAL * np.arange(FRAMES)
    values = movie(value=drawn(name))["value"].reshape(TRACKS, FRAMES, -1)
    for number, series in enumerate(values[:3]):
        axis.plot(time, series[:, -1] + (1.3 * number if values.shape[-1] == 1 else 0), linewidth=0.7)
    axis.set_xlabel("time (s)", fontsize=6)
    axis.set_title(written(name), fontsize=7)


def written(name: str) -> str:
    """Return the call of a draw in its usual setting."""
    words = [
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in arguments(name).items()
    ]
    return f"{name}({', '.join(words)})"
