"""Figures of an evaluation: measures against properties, distributions, calibration, confusion, some examples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dtmodels.evaluation.calibration import scores
from dtmodels.evaluation.measures import Measure
from dtmodels.evaluation.naming import label, quantity
from dtmodels.evaluation.numbers import Classes, Numbers
from dtmodels.evaluation.pictures import Counts
from dtmodels.evaluation.showing import examples_figure

if TYPE_CHECKING:
    from dtmodels.evaluation.report import Draft

Array = np.ndarray[Any, Any]
# Colours that the colour-blind tell apart: M. Okabe, K. Ito, "Color universal design" (2002), the first two darkened.
PALETTE = ("#1b6ca8", "#c2571a", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#444444")
MARKERS = "osD^vPX"
DOTS = 4000
FEW = 10  # examples in a bin, below which its mark is hollow


def figures_of(draft: "Draft") -> dict[str, Figure]:
    """All figures by the names of their files."""
    figures = {f"error_versus_{name}": versus_figure(draft, name) for name in draft.tables}
    tables = draft.judged.tables
    if all("error" in table for table in tables.values()):
        figures["distribution"] = distribution_figure(tables, draft.task.measures[0], draft.task.unit)
    if isinstance(draft.task, Numbers):
        figures["residuals"] = residual_figure(draft)
        calibrated = calibration_figure(draft)
        figures |= {"calibration": calibrated} if calibrated is not None else {}
    if isinstance(draft.task, Counts):
        figures["counts"] = counts_figure(tables)
    if isinstance(draft.task, Classes):
        figures["confusion"] = confusion_figure(draft)
    shown = examples_figure(draft.judged, draft.task)
    return figures | ({"examples": shown} if shown is not None else {})


def versus_figure(draft: "Draft", name: str) -> Figure:
    """Measures against a property: the value in each bin and its band, the examples in each bin below."""
    table = draft.tables[name]
    measures = [m for m in draft.task.measures if m.plotted and f"{draft.judged.names[0]}_{m.name}" in table]
    measures = measures or list(draft.task.measures[:1])
    columns, rows = min(3, len(measures)), -(-len(measures) // 3)
    figure = Figure(figsize=(0.4 + 4.3 * columns, 3.9 * rows), layout="constrained")
    grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=[4, 1] * rows)
    unit = draft.units.get(name, "1")
    for k, measure in enumerate(measures):
        upper, lower = grid[2 * (k // columns)][k % columns], grid[2 * (k // columns) + 1][k % columns]
        _curves(upper, table, name, measure, draft.judged.names)
        _counts(lower, table, name, draft.counted(name))
        lower.set_xlabel(quantity(name, unit))
        lower.sharex(upper)
        upper.tick_params(labelbottom=False)
    for k in range(len(measures), columns * rows):
        grid[2 * (k // columns)][k % columns].set_axis_off()
        grid[2 * (k // columns) + 1][k % columns].set_axis_off()
    _legend_above(figure, grid[0][0])
    return figure


def _curves(axes: Any, table: pd.DataFrame, name: str, measure: Measure, contenders: Sequence[str]) -> None:
    centres = (table[f"{name}_low"] + table[f"{name}_high"]) / 2
    lowest = np.inf
    for k, contender in enumerate(contenders):
        key, colour = f"{contender}_{measure.name}", PALETTE[k % len(PALETTE)]
        axes.fill_between(centres, table[f"{key}_low"], table[f"{key}_high"], color=colour, alpha=0.25, lw=0)
        axes.plot(
            centres, table[key], MARKERS[k % len(MARKERS)] + "-", ms=4, lw=1.2, color=colour, label=label(contender)
        )
        few = table["count"] < FEW
        axes.plot(centres[few], table[key][few], MARKERS[k % len(MARKERS)], ms=4, color=colour, mfc="white")
        lowest = min(lowest, float(np.nanmin([*table[f"{key}_low"], np.inf])))
    if "bound_mean_error" in table and measure.name == "mean_error":
        axes.plot(centres, table["bound_mean_error"], "k--", lw=1, label="Cramér-Rao bound")
        lowest = min(lowest, float(table["bound_mean_error"].min()))
    if measure.better == "lower" and lowest > 0:
        axes.set_yscale("log")
    axes.set_ylabel(quantity(measure.title, measure.unit))
    axes.grid(alpha=0.3, which="both", lw=0.5)


def _counts(axes: Any, table: pd.DataFrame, name: str, what: str) -> None:
    low, high = table[f"{name}_low"].to_numpy(), table[f"{name}_high"].to_numpy()
    axes.bar(low, table["count"], width=high - low, align="edge", color="#999999", ec="white", lw=0.5)
    axes.set_ylabel(f"{what}\nper bin", fontsize="small")
    axes.grid(alpha=0.3, axis="y", lw=0.5)


def _legend_above(figure: Figure, axes: Any, **more: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    per_row = max(1, round(figure.get_figwidth() / 1.4))
    figure.legend(
        handles, labels, loc="outside upper center", ncols=min(len(labels), per_row), fontsize="small", **more
    )


def distribution_figure(tables: dict[str, pd.DataFrame], measure: Measure, unit: str) -> Figure:
    """Share of the examples whose error is at most so large."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    for k, (contender, table) in enumerate(tables.items()):
        errors = np.sort(table["error"].to_numpy(dtype=float))
        errors = errors[np.isfinite(errors)]
        share = np.arange(1, len(errors) + 1) / max(1, len(table))
        axes.step(errors, share, where="post", color=PALETTE[k % len(PALETTE)], label=label(contender))
    positive = all((table["error"].dropna() > 0).all() for table in tables.values())
    axes.set(xlabel=quantity("error of one example", unit), ylabel="share of examples below", ylim=(0, 1))
    axes.set_xscale("log" if positive else "linear")
    axes.grid(alpha=0.3, which="both", lw=0.5)
    axes.legend(fontsize="small")
    return figure


def residual_figure(draft: "Draft") -> Figure:
    """Prediction less truth against the truth, of each number; a calibrated instrument scatters around 0."""
    assert isinstance(draft.task, Numbers)
    names = draft.task.names[:6]
    columns = min(3, len(names))
    figure = Figure(figsize=(0.4 + 4 * columns, 3.4 * -(-len(names) // columns)), layout="constrained")
    panels = figure.subplots(-(-len(names) // columns), columns, squeeze=False).ravel()
    units = {name: m.unit for name in names for m in draft.task.measures if m.name == f"{name}_mae"}
    for axes, name in zip(panels, names, strict=False):
        truth = draft.judged.truths[name]
        # The last contender lies undermost: the first is what the report is about.
        for k, (contender, table) in reversed(list(enumerate(draft.judged.tables.items()))):
            difference = table[f"{name}_difference"].to_numpy()[:DOTS]
            axes.plot(
                truth[:DOTS], difference, ".", ms=2, alpha=0.5, color=PALETTE[k % len(PALETTE)], label=label(contender)
            )
        first = next(iter(draft.judged.tables.values()))[f"{name}_difference"]
        # Wide enough for all but the worst of the first contender, whatever the others do.
        reach = 1.5 * float(np.nanpercentile(np.abs(first), 99.5)) or 1.0
        axes.axhline(0, color="black", lw=0.7)
        axes.set(xlabel=quantity(f"true {name}", units[name]), ylim=(-reach, reach))
        axes.set_ylabel(quantity(f"predicted less true {name}", units[name]))
        axes.grid(alpha=0.3, lw=0.5)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    _legend_above(figure, panels[0], markerscale=4, reverse=True)
    return figure


def counts_figure(tables: dict[str, pd.DataFrame]) -> Figure:
    """Predicted against true counts, with the diagonal."""
    figure = Figure(figsize=(4.2, 4), layout="constrained")
    axes = figure.subplots()
    top = 1.0
    for k, (contender, table) in enumerate(tables.items()):
        axes.plot(table["count_true"], table["count"], ".", ms=4, alpha=0.6, color=PALETTE[k], label=label(contender))
        top = max(top, float(table["count_true"].max()), float(table["count"].max()))
    axes.plot([0, top], [0, top], color="black", lw=0.7)
    axes.set(xlabel="true count (particles)", ylabel="predicted count (particles)", aspect="equal")
    axes.grid(alpha=0.3, lw=0.5)
    axes.legend(fontsize="small")
    return figure


def calibration_figure(draft: "Draft") -> Figure | None:
    """Seen against nominal coverage, and the errors in units of the uncertainty said beside a normal distribution."""
    found = [
        (contender, name, scores(table, name))
        for contender, table in draft.judged.tables.items()
        for name in getattr(draft.task, "names", ())
        if f"{name}_sigma" in table
    ]
    if not found:
        return None
    figure = Figure(figsize=(8.6, 3.8), layout="constrained")
    reliable, histogram = figure.subplots(1, 2)
    levels = next(iter(draft.more[f"calibration_{c}_{n}"] for c, n, _ in found))
    expected, two = levels["expected"], levels["two_standard_errors"]
    reliable.plot([0, 1], [0, 1], color="black", lw=0.7)
    reliable.fill_between(expected, expected - two, expected + two, color="black", alpha=0.12, lw=0)
    edges = np.linspace(-5, 5, 41)
    grid = np.linspace(-5, 5, 201)
    for k, (contender, name, z) in enumerate(found):
        colour, text = PALETTE[k % len(PALETTE)], f"{label(contender)}, {quantity(name)}"
        table = draft.more[f"calibration_{contender}_{name}"]
        reliable.plot(
            expected, table["observed"], MARKERS[k % len(MARKERS)] + "-", ms=3.5, lw=1, color=colour, label=text
        )
        histogram.hist(np.clip(z, -5, 5), edges, density=True, histtype="step", color=colour, label=text)
    histogram.plot(grid, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), color="black", lw=0.7, label="normal")
    reliable.set(xlabel="nominal coverage", ylabel="share of truths inside", aspect="equal", xlim=(0, 1), ylim=(0, 1))
    histogram.set(xlabel="error / uncertainty said", ylabel="density")
    for axes in (reliable, histogram):
        axes.grid(alpha=0.3, lw=0.5)
        axes.legend(fontsize="x-small")
    return figure


def confusion_figure(draft: "Draft") -> Figure:
    """How many examples of each class were taken for each, of each contender."""
    names = draft.judged.names
    figure = Figure(figsize=(0.5 + 4.2 * len(names), 4), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False).ravel(), names, strict=True):
        matrix = draft.more[f"confusion_{name}"].to_numpy()
        share = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (i, j), count in np.ndenumerate(matrix):
            if count and len(matrix) <= 20:
                axes.text(
                    j,
                    i,
                    str(count),
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if share[i, j] > 0.5 else "black",
                )
        ticks = range(len(matrix)) if len(matrix) <= 20 else range(0, len(matrix), 10)
        axes.set(xlabel="predicted class", ylabel="true class", title=label(name), xticks=ticks, yticks=ticks)
    return figure
