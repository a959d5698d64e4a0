"""A trained network for programs without Keras: TensorFlow's SavedModel, or ONNX; checked by running it."""

import contextlib
import importlib
import logging
import shutil
import warnings
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError, MissingPackageError, RunError

Array = np.ndarray[Any, Any]
FORMATS = {"savedmodel": "tf_saved_model", "onnx": "onnx"}
TOLERANCE = 1e-5
NEEDED = {"savedmodel": ("tensorflow",), "onnx": ("onnx", "onnxruntime", "tf2onnx")}


def export_model(model: Any, out: str | PathLike[str], format: str = "savedmodel") -> Path:
    """Write a network to the folder (savedmodel) or file (onnx) ``out``, and compare what it says with Keras.

    The input is (example, ...) in float32, with the sizes of the network, any number of examples. Nothing is left at
    ``out`` unless the exported network gives the same output within 1e-5 of the largest one, on random input.
    ConfigurationError for another format, or when ``out`` exists; MissingPackageError; RunError when it cannot be
    exported (as ONNX a recurrent network with any number of frames and one that refocuses cannot), or differs.
    """
    if format not in FORMATS:
        raise ConfigurationError(f"format: {format!r}; must be one of {', '.join(FORMATS)}")
    _require(format)
    path = Path(out)
    if path.exists():
        raise ConfigurationError(f"{path}: exists already; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".part-{path.name}")
    _remove(temporary)
    try:
        # Of one tensor to one tensor, whether the model was made of such, or of lists with one.
        plain = require_keras().Model(model.inputs[0], model.outputs[0], name=model.name)
        _write_and_compare(plain, temporary, format)
        temporary.replace(path)
    finally:
        _remove(temporary)
    return path


def run_exported(path: str | PathLike[str], images: Array) -> Array:
    """What an exported network says of float32 input: a folder runs in TensorFlow, a file in the ONNX runtime."""
    if Path(path).is_dir():
        _require("savedmodel")
        import tensorflow  # noqa: PLC0415

        loaded = tensorflow.saved_model.load(str(path))  # its variables live as long as it does
        return np.asarray(loaded.serve(tensorflow.constant(images)).numpy())
    _require("onnx")
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: images})[0])


def _write_and_compare(model: Any, path: Path, format: str) -> None:
    images = _trial(model)
    expected = np.asarray(model.predict(images, verbose=0))  # also: Keras exports as ONNX only what was called once
    try:
        with _quiet():
            model.export(str(path), format=FORMATS[format], verbose=False)
            found = run_exported(path, images)
    except Exception as error:
        raise RunError(f"the network cannot be exported as {format}: {' '.join(str(error).split())[:300]}") from error
    difference = float(np.abs(found - expected).max() / max(1e-30, np.abs(expected).max()))
    if not difference <= TOLERANCE:
        raise RunError(f"the network exported as {format} differs by {difference:.1e} of its largest output from Keras")


def _trial(model: Any) -> Array:
    """Two random examples; where sizes are unknown, large enough for six poolings, and so that padding is seen at work."""
    from dtmodels.layers import PadToMultiple  # noqa: PLC0415  (imports Keras)

    unknown = 61 if any(isinstance(layer, PadToMultiple) for layer in model.layers) else 64
    shape = [unknown if size is None else size for size in model.inputs[0].shape[1:]]
    return np.random.Generator(np.random.Philox(0)).standard_normal((2, *shape), dtype=np.float32)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the converter's talk about shapes it cannot infer: what it got wrong shows in the comparison."""
    talkers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "absl")]
    levels = [talker.level for talker in talkers]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for talker in talkers:
                talker.setLevel(logging.CRITICAL)
            yield
    finally:
        for talker, level in zip(talkers, levels, strict=True):
            talker.setLevel(level)


def _require(format: str) -> None:
    for package in NEEDED[format]:
        try:
            importlib.import_module(package)
        except ImportError:
            wanted = "dtmodels[onnx]" if format == "onnx" else "tensorflow>=2.18"
            raise MissingPackageError(f"{format} needs {package}: pip install '{wanted}'") from None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
