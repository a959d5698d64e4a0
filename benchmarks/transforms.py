"""The Fourier transforms that rendering does: counted and timed as they happen, and done again alone.

A backend of `scipy.fft` sees every call and hands it on, so nothing of simcore needs to know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft


@dataclass(frozen=True)
class Transform:
    """One call: the function, the layout of its array in memory, the other arguments."""

    function: Callable[..., Any]
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    arguments: tuple[Any, ...]
    options: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Transform:
        array = np.asarray(arguments[0])
        others = tuple(sorted((name, value) for name, value in options.items() if name != "x"))
        return cls(function, array.shape, array.strides, array.dtype.str, tuple(arguments[1:]), others)

    def array(self) -> np.ndarray:
        """Return zeros that lie in memory as the array did; zeros stay zeros however often they are transformed."""
        kind = np.dtype(self.dtype)
        size = sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)) + kind.itemsize
        memory = np.empty(-(-size // kind.itemsize), kind)
        memory.fill(0)
        return np.lib.stride_tricks.as_strided(memory, self.shape, self.strides)

    def call(self, array: np.ndarray) -> None:
        self.function(array, *self.arguments, **dict(self.options))

    def __str__(self) -> str:
        return f"{self.function.__name__} of {' x '.join(map(str, self.shape))} {np.dtype(self.dtype).name}"


class Watch:
    """Counts and times all transforms of a block: ``with watch.on(): recipe.render(...)``, in one thread."""

    __ua_domain__ = "numpy.scipy.fft"

    def __init__(self) -> None:
        self.found: dict[Transform, int] = {}
        self.seconds = 0.0

    def on(self) -> AbstractContextManager[Any]:
        backend: AbstractContextManager[Any] = scipy.fft.set_backend(self)
        return backend

    def __ua_function__(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        one = Transform.of(function, arguments, options)
        self.found[one] = self.found.get(one, 0) + 1
        with scipy.fft.skip_backend(self):
            started = time.process_time()
            result = function(*arguments, **options)
            self.seconds += time.process_time() - started
        return result

    def again(self) -> Callable[[], None]:
        """Return a function that does the same transforms on zeros, as often as they were counted."""
        prepared = [(one, one.array(), count) for one, count in self.found.items()]

        def replay() -> None:
            for one, array, count in prepared:
                for _ in range(count):
                    one.call(array)

        return replay
