"""Features that users write themselves: compiled by Numba, no compiler needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from simcore.custom.source import UserMade, arguments_of, compiled, in_words, made, plain, source_of
from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.streams import Array
from simcore.values import Plan


class UserFeature(UserMade, Feature):
    """An operation on images that a user wrote; made by `feature`."""

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if len(flow.shape) != 3:
            raise RecipeError(f"{self.title()} takes images of (y, x, channel); not of shape {flow.shape}")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        arguments = [np.ascontiguousarray(values[field]) for field, _ in self.declarations()]
        with in_words(self.title()):
            _over_images(self.function, len(arguments))(data, *arguments)
        return data


def feature(function: Callable[..., None]) -> type[UserFeature]:
    """Make a feature of ``function(image, ...)``, which changes one image (y, x, channel) in place.

    It is compiled by Numba and runs without the GIL; the further arguments become parameters, and may be numbers, draws or
    expressions.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return feature_of(plain(function), source_of(function, "feature"))


def feature_of(function: FunctionType, source: str) -> type[UserFeature]:
    return made(UserFeature, function, source, arguments_of(function, 1))


@cache
def _over_images(function: Any, arguments: int) -> Any:
    """Return a compiled loop over the images of a block."""
    names = [f"p{i}" for i in range(arguments)]
    call = ", ".join(["images[i]", *(f"{name}[i]" for name in names)])
    text = f"def block({', '.join(['images', *names])}):\n    for i in range(len(images)):\n        function({call})\n"
    space: dict[str, Any] = {"function": function}
    exec(text, space)
    return compiled(space["block"])
