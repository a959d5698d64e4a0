"""The machine as a training file wants it used: precision, repeatable operations, several devices."""

import contextlib
from collections.abc import Iterator

from dtmodels.backend import require_keras
from dtmodels.configuration import MachineSection
from dtmodels.errors import ConfigurationError


@contextlib.contextmanager
def prepared(section: MachineSection) -> Iterator[None]:
    """Build and train networks inside; what is set for the whole process is set back afterwards, but for determinism.

    ConfigurationError where this backend cannot do what is asked.
    """
    keras = require_keras()
    make_deterministic(section.deterministic)
    policy, distribution = keras.config.dtype_policy(), keras.distribution.distribution()
    keras.config.set_dtype_policy(section.precision)
    try:
        if section.devices == "all":
            keras.distribution.set_distribution(_data_parallel())
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        if section.devices == "all":
            keras.distribution.set_distribution(distribution)


def make_deterministic(wanted: bool) -> None:
    """Let TensorFlow give the same numbers each time, from now on; other backends have no such switch."""
    backend = require_keras().backend.backend()
    if wanted and backend == "tensorflow":
        import tensorflow  # noqa: PLC0415

        tensorflow.config.experimental.enable_op_determinism()
    elif wanted:
        raise ConfigurationError(f"machine.deterministic: true; needs KERAS_BACKEND=tensorflow, is {backend}")


def _data_parallel() -> object:
    keras = require_keras()
    if keras.backend.backend() != "jax":
        raise ConfigurationError(f"machine.devices: 'all'; needs KERAS_BACKEND=jax, is {keras.backend.backend()}")
    return keras.distribution.DataParallel(devices=keras.distribution.list_devices())
