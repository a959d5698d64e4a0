"""Figures: error against a property, traces of a video, history of a training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

COLOURS = {"network": "#1b6ca8", "radial_center": "#c2571a"}
LABELS = {"network": "network", "radial_center": "radial centre"}


def error_figure(table: pd.DataFrame, name: str, unit: str = "px") -> Figure:
    """Error against a property, logarithmic: median, band from the 16th to the 84th percentile, dots for the mean.

    ``table`` comes from ``evaluate`` (``report.tables[name]``).
    """
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    centres = (table[f"{name}_low"] + table[f"{name}_high"]) / 2
    for method in (key for key in LABELS if f"{key}_mean" in table):
        colour = COLOURS[method]
        axes.fill_between(centres, table[f"{method}_p16"], table[f"{method}_p84"], color=colour, alpha=0.2, lw=0)
        axes.plot(centres, table[f"{method}_median"], color=colour, label=f"{LABELS[method]}, median")
        axes.plot(centres, table[f"{method}_mean"], "o", ms=4, color=colour, label="mean")
    axes.set(xlabel=name, ylabel=f"error ({unit})", yscale="log")
    axes.grid(alpha=0.3, which="both", lw=0.5)
    axes.legend(fontsize="small", ncols=2)
    return figure


def trace_figure(tables: Mapping[str, pd.DataFrame], title: str = "") -> Figure:
    """Positions y and x of one particle against the frame; one line for each labelled table of ``predict``."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    for axes, name in zip(figure.subplots(2, 1, sharex=True), ("y", "x"), strict=True):
        for label, table in tables.items():
            axes.plot(table["frame"], table[name], lw=1, color=COLOURS.get(label), label=LABELS.get(label, label))
        axes.set_ylabel(f"{name} (px)")
        axes.grid(alpha=0.3, lw=0.5)
    axes.set_xlabel("frame")
    figure.axes[0].legend(fontsize="small", ncols=max(1, len(tables)))
    figure.suptitle(title)
    return figure


def history_figure(history: pd.DataFrame) -> Figure:
    """Training and validation loss against the epoch, logarithmic where all losses are positive."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes: Any = figure.subplots()
    for name, label in (("loss", "training"), ("val_loss", "validation")):
        axes.plot(history["epoch"], history[name], label=label)
    positive = bool(np.all(history[["loss", "val_loss"]].to_numpy() > 0))
    axes.set(xlabel="epoch", ylabel="loss", yscale="log" if positive else "linear")
    axes.grid(alpha=0.3, which="both", lw=0.5)
    axes.legend(fontsize="small")
    return figure
