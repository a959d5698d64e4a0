"""Features and what flows between them; scenes and what stands in them are in ``scenes.py``.

A feature (scatterer, microscope, noise, flip, target ...) is an immutable object with declared parameters; ``flow >> feature``
applies it. A flow is what a feature gives: a scene, an image, points. Its shape and type are known when it is built, so
that what does not fit is refused there.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import keyword
import re
from collections.abc import Iterator
from typing import Any, ClassVar, dataclass_transform

import attrs
import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.parameters import Declaration, Value, option, parameter, parts
from simcore.properties import Array, Node, Property, as_property
from simcore.values import Plan

ARTICLES = {
    "image": "an image",
    "scene": "a scene",
    "points": "points",
    "field": "a field",
    "movie": "a movie",
    "table": "a table",
    "boxes": "boxes",
}


def _speak_of_parameters(cls: type[Feature]) -> None:
    """Make the constructor refuse unknown and missing parameters in the project's words."""
    build: Any = cls.__init__
    signature = inspect.signature(build)
    known = [name for name in signature.parameters if name != "self"]

    @functools.wraps(build)
    def __init__(self: Feature, *values: Any, **named: Any) -> None:  # noqa: N807
        for name in named:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
                raise ParameterError(f"{cls.title()}.{name}: unknown parameter; {hint}")
        try:
            signature.bind(self, *values, **named)
        except TypeError as error:
            raise ParameterError(f"{cls.title()}: {error}; parameters are {', '.join(known)}") from None
        build(self, *values, **named)

    cls.__init__ = __init__  # type: ignore[method-assign]


class Flow(Node):
    """What runs through ``>>``. ``kind`` is "scene", "image", "field", "points" ...; ``shape`` is that of one example."""

    kind: str = "image"
    shape: tuple[int, ...] = ()
    dtype: np.dtype = np.dtype(np.float32)
    inputs: tuple[Flow, ...] = ()
    drawn_on_zeros: bool = False  # whether `render_onto` draws it into an array of zeros, where it is to be kept

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two flows the same: written twice is rendered once."""
        raise NotImplementedError

    def features(self) -> tuple[Feature, ...]:
        """Return the features that the flow itself applies or holds, its inputs' not."""
        return ()

    def level_of_inputs(self, level: int) -> int:
        """Return the level (see ``rows.py``) on which the inputs are rendered for the flow on ``level``."""
        return level

    def properties(self) -> Iterator[Property]:
        """Yield the properties that the flow itself needs, besides those of its inputs."""
        return iter(())

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        """Return the block (example, *shape); ``arrays`` are those of the inputs, which may be overwritten."""
        raise NotImplementedError

    def render_onto(self, plan: Plan, out: Array) -> None:
        """Draw the block into ``out``, which is 0: of flows that are ``drawn_on_zeros``."""
        raise NotImplementedError

    def __rshift__(self, feature: object) -> Flow:
        if isinstance(feature, type) and issubclass(feature, Feature):
            raise RecipeError(f"{feature.title()} needs its parameters: write >> {feature.title()}(...)")
        if not isinstance(feature, Feature):
            return NotImplemented
        return feature.after(self)

    def __add__(self, other: object) -> Flow:
        return arithmetic("add", self, other)

    def __radd__(self, other: object) -> Flow:
        return arithmetic("add", other, self)

    def __sub__(self, other: object) -> Flow:
        return arithmetic("subtract", self, other)

    def __rsub__(self, other: object) -> Flow:
        return arithmetic("subtract", other, self)

    def __mul__(self, other: object) -> Flow:
        return arithmetic("multiply", self, other)

    def __rmul__(self, other: object) -> Flow:
        return arithmetic("multiply", other, self)

    def __truediv__(self, other: object) -> Flow:
        return arithmetic("divide", self, other)

    def __rtruediv__(self, other: object) -> Flow:
        return arithmetic("divide", other, self)

    # NumPy scalars on the left leave the operation to this class.
    __array_ufunc__ = None


@dataclass_transform(eq_default=False, frozen_default=True, field_specifiers=(parameter, option, parts, attrs.field))
@attrs.define(frozen=True, eq=False, slots=False)
class Feature(Node):
    """Base of all features. A subclass declares its parameters as fields and overrides `apply`.

    ``takes`` are the kinds of flow it can be applied to.
    """

    takes: ClassVar[tuple[str, ...]] = ("image",)
    drawn: ClassVar[tuple[str, ...]] = ()  # the names that `hidden` gives
    name: str | None = attrs.field(default=None, kw_only=True)

    def __init_subclass__(cls) -> None:
        attrs.define(frozen=True, eq=False, slots=False)(cls)
        _speak_of_parameters(cls)

    def __attrs_post_init__(self) -> None:
        for field, declaration in self.declarations():
            self._set(field, declaration.read(self.place_of(field), getattr(self, field)))
        for field, setting in self.options():
            self._set(field, setting.read(self.place_of(field), getattr(self, field)))
        for field, inner in self._of_kind("parts"):
            self._set(field, inner.read(self.place_of(field), getattr(self, field)))
        if self.name is not None and (not re.fullmatch(r"[A-Za-z_]\w*", self.name) or keyword.iskeyword(self.name)):
            raise ParameterError(
                f"{type(self).__name__}.name: {self.name!r}; must be a word of letters, digits and _, no keyword of Python"
            )
        self.check()
        for field, node in self.hidden().items():
            self._set(field, node)

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)

    def check(self) -> None:
        """Refuse parameters that do not fit each other."""

    def hidden(self) -> dict[str, Property]:
        """Return properties of the feature's own, made from its parameters (whether a flip happens, say)."""
        return {}

    @classmethod
    def kind(cls) -> str:
        """Return the class name in snake case, from which features are named."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the name by which messages and recipes call the feature."""
        return cls.__name__

    @classmethod
    def declarations(cls) -> list[tuple[str, Declaration]]:
        """Return (field, declaration) of each parameter in order."""
        return cls._of_kind("declaration")

    @classmethod
    def options(cls) -> list[tuple[str, Any]]:
        """Return (field, option) of each setting in order."""
        return cls._of_kind("option")

    @classmethod
    @functools.cache
    def _of_kind(cls, kind: str) -> list[tuple[str, Any]]:
        return [(field.name, field.metadata[kind]) for field in attrs.fields(cls) if kind in field.metadata]

    def place_of(self, field: str) -> str:
        """Return how messages call a parameter."""
        return f"{self.title()}.{field}"

    def properties(self) -> Iterator[tuple[str, Property]]:
        """Yield (field, property) of the parameters in order, then of the hidden ones."""
        for field, _ in self.declarations():
            node: Value = getattr(self, field)
            if node is not None:
                yield field, node
        for field in self.drawn:
            yield field, getattr(self, field)

    def parts(self) -> tuple[Feature, ...]:
        """Return the features that stand inside this one, in order."""
        return tuple(part for field, _ in self._of_kind("parts") for part in getattr(self, field))

    def all_properties(self) -> Iterator[Property]:
        """Yield the feature's own properties and those of its parts."""
        yield from (node for _, node in self.properties())
        for part in self.parts():
            yield from part.all_properties()

    def values(self, plan: Plan) -> dict[str, Array]:
        """Return the drawn values of all parameters, each (example, ...)."""
        return {field: plan.value(node) for field, node in self.properties()}

    def verify(self) -> None:
        """Refuse, with RecipeError, when a file that the feature names is missing or has changed."""

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        """Refuse drawn values that do not fit each other."""

    def refuse(self, flow: Flow) -> None:
        """Raise RecipeError if the feature cannot take ``flow``."""
        if flow.kind not in self.takes:
            wanted = " or ".join(ARTICLES.get(kind, kind) for kind in self.takes)
            raise RecipeError(
                f"{self.title()} takes {wanted}; {describe(flow)} gives {ARTICLES.get(flow.kind, flow.kind)}"
            )

    def after(self, flow: Flow) -> Flow:
        """Return the flow that the feature makes of ``flow``."""
        self.refuse(flow)
        return Applied(self, flow, kind=flow.kind, shape=self.shape_after(flow), dtype=self.dtype_after(flow))

    def level_of_inputs(self, level: int) -> int:
        """Return the level (see ``rows.py``) on which what flows in is rendered."""
        return level

    def frame_after(self, frame: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) of the image that points lie in after the feature has moved them."""
        return frame

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return flow.shape

    def dtype_after(self, flow: Flow) -> np.dtype:
        return flow.dtype

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        """Return what becomes of the block ``data``, which may be overwritten."""
        raise NotImplementedError


class Applied(Flow):
    """A feature applied to a flow."""

    def __init__(self, feature: Feature, source: Flow, kind: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.feature = feature
        self.inputs = (source,)
        self.kind, self.shape, self.dtype = kind, shape, dtype

    @property
    def key(self) -> tuple[Any, ...]:
        return ("apply", id(self.feature), self.inputs[0].key)

    def properties(self) -> Iterator[Property]:
        return self.feature.all_properties()

    def features(self) -> tuple[Feature, ...]:
        return (self.feature,)

    def level_of_inputs(self, level: int) -> int:
        return self.feature.level_of_inputs(level)

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        return self.feature.apply(plan, arrays[0], self)


class Arithmetic(Flow):
    """``+ - * /`` between images, numbers and properties."""

    SYMBOLS: ClassVar[dict[str, str]] = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}

    def __init__(self, operation: str, operands: tuple[Flow | Property, Flow | Property]) -> None:
        self.operation = operation
        self.operands = operands
        self.inputs = tuple(operand for operand in operands if isinstance(operand, Flow))
        self.kind = "field" if any(flow.kind == "field" for flow in self.inputs) else "image"
        try:
            self.shape = np.broadcast_shapes(*(flow.shape for flow in self.inputs))
        except ValueError:
            shapes = " and ".join(str(flow.shape) for flow in self.inputs)
            raise RecipeError(f"images of shapes {shapes} cannot be combined") from None
        self.dtype = np.result_type(np.float32, *(flow.dtype for flow in self.inputs))

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.operation, *(o.key if isinstance(o, Flow) else id(o) for o in self.operands))

    def properties(self) -> Iterator[Property]:
        return (operand for operand in self.operands if isinstance(operand, Property))

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        images = iter(arrays)
        left, right = (next(images) if isinstance(o, Flow) else self._spread(plan.value(o)) for o in self.operands)
        whole = (len(plan), *self.shape)
        out = next((a for a in arrays if a.shape == whole and a.dtype == self.dtype and a.flags.writeable), None)
        return np.asarray(getattr(np, self.operation)(left, right, out=out), self.dtype)

    def _spread(self, values: Array) -> Array:
        return values.astype(self.dtype).reshape(-1, *(1,) * len(self.shape))


def as_flow(value: object) -> object:
    """Return a scatterer's scene, anything else as it is."""
    return getattr(value, "scene", value) if isinstance(value, Feature) else value


def arithmetic(operation: str, left: object, right: object) -> Flow:
    """Return the flow ``left operation right``; two scenes can be added."""
    operands = (as_flow(left), as_flow(right))
    flows = [operand for operand in operands if isinstance(operand, Flow)]
    for flow in flows:
        if flow.kind not in ("image", "field"):
            raise RecipeError(
                f"arithmetic works on images and fields; {describe(flow)} gives {ARTICLES.get(flow.kind, flow.kind)}"
            )
    ready = tuple(operand if isinstance(operand, Flow) else _scalar(operand) for operand in operands)
    return Arithmetic(operation, (ready[0], ready[1]))


def _scalar(value: object) -> Property:
    node = as_property(value)
    if node.shape or node.dtype.kind not in "biuf":
        raise RecipeError(
            f"an image can be combined with a number or a property that is one; not with shape {node.shape}"
        )
    return node


def describe(flow: Flow) -> str:
    """Return the name of what made the flow, for messages."""
    if isinstance(flow, Applied):
        return flow.feature.title()
    scatterers = getattr(flow, "scatterers", ())
    return " + ".join(scatterer.title() for scatterer in scatterers) or flow.kind
