"""Some examples as pictures, with the truth and what was said."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dtmodels.evaluation.detections import Detections
from dtmodels.evaluation.judged import Judged
from dtmodels.evaluation.naming import label
from dtmodels.evaluation.numbers import Numbers
from dtmodels.evaluation.pictures import Images, Masks
from dtmodels.evaluation.task import Task

Array = np.ndarray[Any, Any]
MARKS = (("+", "#ffb000"), ("x", "#40c8ff"), ("1", "#7cff5b"), ("2", "#ff8ad8"), ("3", "#ffffff"), ("4", "#ff5555"))


def examples_figure(judged: Judged, task: Task) -> Figure | None:
    """The first examples: places marked in the image, or image, truth and answer side by side; None for other kinds."""
    if judged.shown is None or judged.shown[1].ndim != 4:
        return None
    if isinstance(task, Detections) or (isinstance(task, Numbers) and task.places):
        return _places(judged, task)
    return _pictures(judged, task) if isinstance(task, (Images, Masks)) else None


def _places(judged: Judged, task: Task) -> Figure:
    assert judged.shown is not None
    numbers, images, targets, answers = judged.shown
    figure = Figure(figsize=(2.7 * len(images), 3.5), layout="constrained")
    panels = figure.subplots(1, len(images), squeeze=False).ravel()
    for k, axes in enumerate(panels):
        axes.imshow(images[k, ..., 0], cmap="gray")
        _mark(axes, _truth(task, targets, k), "o", "white", "truth", hollow=True)
        for (marker, colour), name, answer in zip(MARKS, judged.names, answers, strict=False):
            _mark(axes, _said(task, answer, k), marker, colour, name)
        height, width = images.shape[1:3]
        axes.set(title=f"example {numbers[k]}", xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        axes.set(xlabel="x (px)", ylabel="y (px)" if k == 0 else "")
    handles, labels = panels[0].get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small", facecolor="#777777"
    )
    for text in legend.get_texts():
        text.set_color("white")
    return figure


def _mark(axes: Any, places: Array, marker: str, colour: str, name: str, hollow: bool = False) -> None:
    style = {"mfc": "none"} if hollow else {}
    axes.plot(
        places[:, -1],
        places[:, -2],
        marker,
        color=colour,
        ms=9 if hollow else 7,
        mew=1.2,
        label=label(name),
        ls="",
        **style,
    )


def _truth(task: Task, targets: Array, k: int) -> Array:
    if isinstance(task, Detections):
        return task.truth(targets, np.arange(len(targets))).places[k]
    assert isinstance(task, Numbers)
    return targets[k : k + 1, task.places]


def _said(task: Task, answer: Any, k: int) -> Array:
    return answer[k] if isinstance(task, Detections) else answer[k : k + 1][:, getattr(task, "places", [0, 1])]


def _pictures(judged: Judged, task: Task) -> Figure:
    assert judged.shown is not None
    numbers, images, targets, answers = judged.shown
    truth = task.truth(targets, np.arange(len(targets)))
    columns = [("input", images), ("truth", truth), *zip(judged.names, answers, strict=True)]
    figure = Figure(figsize=(2.4 * len(columns), 2.5 * len(images)), layout="constrained")
    panels = figure.subplots(len(images), len(columns), squeeze=False)
    for k, row in enumerate(panels):
        low, high = float(truth[k].min()), float(truth[k].max())
        for axes, (name, values) in zip(row, columns, strict=True):
            # Truth and answers on one scale, so that what differs is seen.
            scale = {} if name == "input" else {"vmin": low, "vmax": max(high, low + 1e-9)}
            axes.imshow(np.asarray(values[k], float).max(axis=-1), cmap="gray", **scale)
            axes.set(xticks=[], yticks=[])
            if k == 0:
                axes.set_title(label(name), fontsize="small")
        row[0].set_ylabel(f"example {numbers[k]}", fontsize="small")
    return figure
