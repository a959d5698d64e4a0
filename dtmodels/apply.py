"""A trained network as a plain callable on batches: what other programs call by the name "dtmodels.apply:generator".

frame = mask >> sc.Apply("dtmodels.apply:generator", "runs/tissue")
"""

import threading
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.errors import RunError, SourceError
from dtmodels.examples import fits
from dtmodels.run import MODEL, load_network

Array = np.ndarray[Any, Any]
BATCH = 8  # of one size always: a network's last bits may depend on how many images it is given
_lock = threading.Lock()
_loaded: dict[tuple[str, int], "Generator"] = {}


def generator(path: str | PathLike[str]) -> "Generator":
    """The network of a run directory or of a .keras file as a callable: images (n, ...) in, images (n, ...) out, NumPy both.

    It is loaded once in a process, however many threads ask for it. RunError when it cannot be loaded.
    """
    file = _file(Path(path))
    with _lock:
        key = (str(file.resolve()), file.stat().st_mtime_ns)
        if key not in _loaded:
            _loaded[key] = Generator(_load(file), str(path))
        return _loaded[key]


class Generator:
    """A Keras model that can be called from several threads at once, with the same result for an image in any batch."""

    def __init__(self, model: Any, name: str) -> None:
        self.model, self.name = model, name
        self.takes = tuple(model.inputs[0].shape[1:])
        self._lock = threading.Lock()

    def __call__(self, images: Array) -> Array:
        """float32 (n, ...); SourceError for images of another shape than the network takes."""
        values: Array = np.asarray(images, np.float32)
        if not fits(self.takes, values.shape[1:]):
            raise SourceError(f"{self.name}: images of shape {values.shape[1:]}; the network takes {self.takes}")
        with self._lock:
            parts = [self._batch(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, *_gives(self.model, values.shape[1:])), np.float32)

    def _batch(self, images: Array) -> Array:
        missing = BATCH - len(images)
        full = np.concatenate([images, np.zeros((missing, *images.shape[1:]), np.float32)]) if missing else images
        return np.asarray(self.model.predict_on_batch(full), np.float32)[: len(images)]


def _file(path: Path) -> Path:
    file = path / MODEL if path.is_dir() else path
    if not file.is_file():
        raise RunError(f"{file}: no such file; must be a run directory or a model saved by Keras")
    return file


def _load(file: Path) -> Any:
    model = load_network(file)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise RunError(f"{file}: {len(model.inputs)} inputs and {len(model.outputs)} outputs; must have one of each")
    return model


def _gives(model: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(model.compute_output_shape((None, *shape))[1:])
