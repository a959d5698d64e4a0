"""Keras, imported when it is first needed."""

import contextlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from dtmodels.errors import MissingPackageError

REGISTERED = ("gan", "layers", "losses", "metrics", "refocusing")  # modules that register their classes with Keras


def require_keras() -> Any:
    """Keras on TensorFlow (or on the backend that ``KERAS_BACKEND`` names); MissingPackageError without them."""
    if "keras" in sys.modules:
        return sys.modules["keras"]
    # 3: also without the complaint that there is no GPU; what goes wrong in TensorFlow is raised all the same.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns when several models predict in one process
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        with _quiet_stderr():
            import keras  # noqa: PLC0415
    except ImportError as error:
        raise MissingPackageError(
            f"training needs Keras on TensorFlow: pip install 'tensorflow>=2.18' ({error})"
        ) from None
    return keras


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    # TensorFlow logs its build options to file descriptor 2 on import, whatever the log level.
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def on_accelerator() -> bool:
    """Whether TensorFlow sees a GPU: XLA pays there, and costs twice the time on a CPU."""
    if require_keras().backend.backend() != "tensorflow":
        return True
    import tensorflow  # noqa: PLC0415

    return bool(tensorflow.config.list_physical_devices("GPU"))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a trained network depends on."""
    import platform  # noqa: PLC0415
    from importlib import metadata  # noqa: PLC0415

    found = {"python": platform.python_version()}
    for name in ("dtmodels", "keras", "tensorflow", "tensorflow-cpu", "numpy", "zarr"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def register() -> None:
    """Import what registers layers, losses and metrics with Keras, so that it opens networks of them."""
    for name in REGISTERED:
        importlib.import_module(f"dtmodels.{name}")
