"""Structure: one of several features, a feature in some examples only. Each example goes through one branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.draws import Uniform, choice
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import Value, option, parameter, parts
from simcore.properties import Array, Expression, Property
from simcore.values import Plan

__all__ = ["Conditional", "Maybe", "OneOf"]


class Branch(Feature):
    """Base: ``which`` says through which of its parts an example goes; past the last one it stays as it is."""

    takes: ClassVar[tuple[str, ...]] = ("image", "field", "points", "scene", "table", "boxes")
    drawn: ClassVar[tuple[str, ...]] = ("which",)
    which: Property = attrs.field(init=False, repr=False)

    def refuse(self, flow: Flow) -> None:
        for part in self.parts():
            part.refuse(flow)

    def after(self, flow: Flow) -> Flow:
        self.refuse(flow)
        results = [part.after(flow) for part in self.parts()] + ([flow] if self.may_pass else [])
        looks = {(result.kind, result.shape, result.dtype) for result in results}
        if len(looks) > 1:
            shown = " and ".join(sorted(f"{kind} {shape} {dtype}" for kind, shape, dtype in looks))
            raise RecipeError(f"{self.title()}: what its branches give must look alike, not {shown}")
        return Applied(self, flow, kind=results[0].kind, shape=results[0].shape, dtype=results[0].dtype)

    may_pass: ClassVar[bool] = True

    def frame_after(self, frame: tuple[int, int]) -> tuple[int, int]:
        return self.parts()[0].frame_after(frame)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        which = plan.value(self.which)
        same = data.shape[1:] == flow.shape and data.dtype == flow.dtype
        out = data if same else np.empty((len(plan), *flow.shape), flow.dtype)
        for number, part in enumerate(self.parts()):
            rows = np.flatnonzero(which == number)
            if len(rows):
                source = data if flow.inputs[0].kind == "scene" else data[rows]
                out[rows] = part.apply(plan.take(rows), source, flow)
        return out


class OneOf(Branch):
    """One of several features, chosen for each example with probabilities ``p`` (equal ones without)."""

    may_pass: ClassVar[bool] = False
    features: tuple[Feature, ...] = parts("the features to choose from", "Feature")
    p: Sequence[float] | None = option(
        "probabilities, in the order of the features", default=None, read=lambda _, value: value
    )

    def check(self) -> None:
        if not self.features:
            raise ParameterError("OneOf.features: none; must be at least one feature")

    def hidden(self) -> dict[str, Property]:
        try:
            return {"which": choice(list(range(len(self.features))), self.p)}
        except ParameterError as error:
            raise ParameterError(f"OneOf.p: {str(error).partition(': ')[2]}") from None


class Maybe(Branch):
    """A feature in a share ``probability`` of the examples; the others stay as they are."""

    feature: Any = parts("the feature", "Feature")
    probability: Value = parameter("share of the examples in which it happens", default=0.5, least=0, most=1)

    def check(self) -> None:
        if len(self.feature) != 1:
            raise ParameterError(f"Maybe.feature: {len(self.feature)} features; must be one")

    def hidden(self) -> dict[str, Property]:
        return {"which": Expression("where", Uniform((0, 1)) < self.probability, 0, 1)}


class Conditional(Branch):
    """A feature in the examples in which ``condition`` holds, another one (or none) in the others."""

    condition: Value = parameter("true or false, for each example", least=0, most=1)
    feature: Any = parts("the feature where the condition holds", "Feature")
    otherwise: Any = parts("the feature where it does not", "Feature")

    def check(self) -> None:
        if len(self.feature) != 1 or len(self.otherwise) > 1:
            raise ParameterError("Conditional.feature, Conditional.otherwise: must be one feature each")

    def hidden(self) -> dict[str, Property]:
        return {"which": Expression("where", self.condition, 0, 1)}
