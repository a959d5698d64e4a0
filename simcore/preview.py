"""A figure of a few examples: every image, its points drawn in, its values beneath."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simcore.datasets.layout import OutputLike, RecipeLike, whole

FORMATS = tuple(Figure().canvas.get_supported_filetypes())
COLUMNS = 8
MOST_CHANNELS = 4
PICTURES = ("image", "mask", "field", "movie")
INCHES = 1.6


def preview(recipe: RecipeLike, count: int = 8, seed: int = 1) -> Figure:
    """A figure of the first ``count`` examples.

    A row for every image (and channel), one column for every example, folded after eight; of movies the first frame, of
    fields magnitude and phase. Points are drawn into the images of their frame, properties of few values are written beneath.
    Without an image: a histogram of each property.

    Raises:
        ParameterError: a count or a seed that cannot be.

    """
    count = whole("count", count, least=1)
    arrays = recipe.render(count=count, seed=seed)
    outputs = recipe.outputs
    pictures = {name: _pictures(output, arrays[name]) for name, output in outputs.items() if output.kind in PICTURES}
    panels = [
        (name, channel)
        for name, picture in pictures.items()
        for channel in range(1 if picture.shape[-1] == 3 else min(picture.shape[-1], MOST_CHANNELS))
    ]
    if not panels:
        return _histograms(outputs, arrays)
    columns, bands = min(count, COLUMNS), math.ceil(count / COLUMNS)
    figure = Figure(figsize=(INCHES * columns, INCHES * 1.15 * len(panels) * bands), layout="constrained")
    axes = figure.subplots(len(panels) * bands, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for example in range(count):
        band, column = divmod(example, COLUMNS)
        for row, (name, channel) in enumerate(panels):
            axis = axes[band * len(panels) + row, column]
            _draw_image(axis, pictures[name][example], channel)
            _draw_points(axis, outputs, arrays, example, pictures[name].shape[1:3])
            if column == 0:
                axis.set_title(_title(name, pictures[name], channel), fontsize=7, loc="left")
        _write_values(axes[band * len(panels) + len(panels) - 1, column], outputs, arrays, example)
    return figure


def _pictures(output: OutputLike, array: np.ndarray) -> np.ndarray:
    """Images (example, y, x, channel): the first frame of movies, magnitude and phase of fields."""
    still = array[:, 0] if output.dimensions[0] == "frame" else array
    if np.iscomplexobj(still):
        return np.concatenate([np.abs(still), np.angle(still)], axis=-1)
    return still


def _draw_image(axis: Axes, image: np.ndarray, channel: int) -> None:
    shown = np.clip(image, 0, 1) if image.shape[-1] == 3 else image[..., channel]
    axis.imshow(shown.astype(np.float32), cmap="gray", interpolation="nearest")


def _draw_points(
    axis: Axes,
    outputs: Mapping[str, OutputLike],
    arrays: Mapping[str, np.ndarray],
    example: int,
    frame: tuple[int, ...],
) -> None:
    for name, output in outputs.items():
        if output.kind == "points" and tuple(output.attributes.get("frame", frame)) == tuple(frame):
            found = arrays[name][example]
            first = found[0] if output.dimensions[0] == "frame" else found
            points = first.reshape(-1, output.shape[-1])[:, -2:]
            axis.plot(points[:, 1], points[:, 0], "+", color="tab:red", markersize=6, markeredgewidth=0.8)


def _write_values(
    axis: Axes, outputs: Mapping[str, OutputLike], arrays: Mapping[str, np.ndarray], example: int
) -> None:
    lines = [
        f"{name} {', '.join(f'{value:.4g}' for value in np.ravel(arrays[name][example]))}"
        + ("" if output.units == "1" else f" {output.units}")
        for name, output in outputs.items()
        if output.kind == "property" and math.prod(output.shape) <= 3
    ]
    if lines:
        axis.text(0, -0.05, "\n".join(lines), fontsize=6, va="top", transform=axis.transAxes)


def _title(name: str, picture: np.ndarray, channel: int) -> str:
    return name if picture.shape[-1] in (1, 3) else f"{name} [{channel}]"


def _histograms(outputs: Mapping[str, OutputLike], arrays: Mapping[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(2 * INCHES * len(outputs), 2 * INCHES), layout="constrained")
    for axis, (name, output) in zip(figure.subplots(1, len(outputs), squeeze=False).flat, outputs.items(), strict=True):
        values = np.ravel(arrays[name]).astype(float)
        axis.hist(values[np.isfinite(values)], bins=20)
        axis.set_title(name if output.units == "1" else f"{name} ({output.units})", fontsize=8)
    return figure
