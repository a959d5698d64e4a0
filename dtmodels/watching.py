"""What a network that is being trained says of measured frames, every few epochs."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.backend import require_keras
from dtmodels.configuration import WatchSection, validated
from dtmodels.io import read_frames
from dtmodels.prediction.outputs import OutputSection
from dtmodels.prediction.predict import Prediction
from dtmodels.prediction.progress import Pace
from dtmodels.prediction.writing import write_pictures, write_table
from dtmodels.run import WATCH, Run

keras: Any = require_keras()
Array = np.ndarray[Any, Any]


class Watch(keras.callbacks.Callback):
    """Every few epochs what the network says of the first frames: ``watch/epoch_00005.csv`` or ``.tif``, and a picture, ``.png``.

    Nothing that goes wrong here stops the training: it is warned of once, and watching ends.
    """

    def __init__(self, section: WatchSection, directory: Path, record: Mapping[str, Any]) -> None:
        super().__init__()
        self.section, self.directory, self.record = section, directory, record
        self._frames: Array | None = None
        self._failed = False

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._failed or (epoch + 1) % self.section.every:
            return
        try:
            self._write(epoch + 1)
        except Exception as error:
            self._failed = True
            line = " ".join(str(error).split()) or type(error).__name__
            warnings.warn(f"fit.watch: {line}; the training goes on without it", stacklevel=2)

    def close(self) -> None:
        """Let the frames go."""
        self._frames = None

    def _write(self, epoch: int) -> None:
        if self._frames is None:
            self._frames = read_frames(self.section.frames, self.section.count)
        # A model of its own, so that nothing of the one in training is touched.
        model = keras.Model(self.model.inputs, self.model.outputs)
        prediction = Prediction(
            Run(self.directory, self.record, model), validated(OutputSection, self.section.output, "fit.watch.output")
        )
        name = self.directory / WATCH / f"epoch_{epoch:05d}"
        parts = list(prediction.parts(self._frames, Pace()))
        if prediction.pictures:
            write_pictures(name.with_suffix(".tif"), iter(parts))
            _picture(self._frames[0], None, parts[0][0]).savefig(name.with_suffix(".png"), dpi=100)
            return
        table = pd.concat(parts, ignore_index=True)
        write_table(name.with_suffix(".csv"), table)
        _picture(self._frames[0], table[table["frame"] == 0], None).savefig(name.with_suffix(".png"), dpi=100)


def _picture(frame: Array, table: Any, said: Array | None) -> Any:
    """The first frame with the places that were found, or beside the image that was made of it."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = frame if frame.shape[-1] in (3, 4) else frame[..., 0]
    figure = Figure(figsize=(4 if said is None else 8, 4), layout="constrained")
    panels = figure.subplots(1, 1 if said is None else 2, squeeze=False).ravel()
    panels[0].imshow(shown, cmap="gray")
    if table is not None and {"y", "x"} <= set(table.columns):
        panels[0].plot(table["x"], table["y"], "o", mfc="none", color="#ffb000", ms=8)
    if said is not None:
        panels[1].imshow(np.asarray(said, float).max(axis=-1), cmap="gray")
    for axes in panels:
        axes.set(xlabel="x (px)", ylabel="y (px)", xlim=axes.get_xlim(), ylim=axes.get_ylim())
    return figure
