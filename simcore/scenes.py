"""Scenes: scatterers that are imaged together, some of them repeated, and the microscopes that image them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow, as_flow, describe
from simcore.parameters import Value, one_of, option, parameter, whole_number
from simcore.properties import Array, Bounds, Property
from simcore.values import Plan

MOST_COPIES = 100_000


class Scene(Flow):
    """Scatterers that are imaged together; ``members`` are scatterers and repetitions of some."""

    kind = "scene"
    offers = ("count",)

    def __init__(self, members: tuple[Scatterer | Repeat, ...]) -> None:
        self.members = members

    @property
    def scatterers(self) -> tuple[Scatterer, ...]:
        """All scatterers, each once, however often it is repeated."""
        return tuple(s for member in self.members for s in member_scatterers(member))

    @property
    def count(self) -> Property:
        """How many copies the example holds; RecipeError unless exactly one part of the scene is repeated."""
        repeats = [member for member in self.members if isinstance(member, Repeat)]
        if len(repeats) != 1:
            raise RecipeError(f"count: {len(repeats)} parts of the scene are repeated; take the count of one of them")
        return repeats[0].placed

    @property
    def most(self) -> int:
        """The largest number of particles that an example can hold."""
        return sum(m.most * len(m.scatterers) if isinstance(m, Repeat) else 1 for m in self.members)

    @property
    def key(self) -> tuple[Any, ...]:
        return ("scene", *(id(member) for member in self.members))

    def properties(self) -> Iterator[Property]:
        return (node for feature in self.features() for _, node in feature.properties())

    def features(self) -> tuple[Feature, ...]:
        """Scatterers and repetitions, each repetition after what it repeats."""
        return tuple(f for m in self.members for f in (*member_scatterers(m), *((m,) if isinstance(m, Repeat) else ())))

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        return np.empty(0)  # a scene is drawn, not rendered: microscopes read its particles from the plan

    def __add__(self, other: object) -> Flow:
        scene = as_flow(other)
        return Scene(self.members + scene.members) if isinstance(scene, Scene) else super().__add__(scene)

    def repeat(
        self,
        count: object,
        min_distance: object = None,
        *,
        dimensions: int = 2,
        pixel_size: object = None,
        crowded: str = "error",
        attempts: int = 1000,
        max_count: int | None = None,
        name: str | None = None,
    ) -> Scene:
        """Return a scene of ``count`` copies, for each of which is drawn afresh what is reached only through this scene.

        Copies keep ``min_distance`` between their positions: pixels in 2-D (``dimensions=2``), micrometres in 3-D, where
        ``pixel_size`` (um) turns x and y into lengths. A distance that is drawn for each copy is its diameter: two copies
        keep half the sum; of several scatterers, ``(a + b).repeat(n)``, which share what is drawn for each copy (dimers, nuclei
        with buds), the first keeps it. Positions are drawn again, up to ``attempts`` times; if that does not help, an error is
        raised or, with ``crowded="fewer"``, the copy left out. ``max_count`` is the largest count where it cannot be known.

        Raises
        ------
        ParameterError
            If a value cannot be, or the largest count is not known.
        RecipeError
            If something in the scene is repeated already.
        """
        if any(isinstance(member, Repeat) for member in self.members):
            raise RecipeError("repeat: a part of the scene is repeated already")
        repeated = Repeat(count, min_distance, dimensions=dimensions, pixel_size=pixel_size, crowded=crowded, attempts=attempts,
                          max_count=max_count, scatterers=self.scatterers, name=name)  # type: ignore[call-arg]  # fmt: skip
        return Scene((repeated,))


class Scatterer(Feature):
    """A feature that stands in a scene: nothing flows into it."""

    takes = ()

    @property
    def scene(self) -> Scene:
        return Scene((self,))

    def __rshift__(self, feature: object) -> Flow:
        return self.scene >> feature

    def __add__(self, other: object) -> Flow:
        return self.scene + other

    def repeat(
        self,
        count: object,
        min_distance: object = None,
        *,
        dimensions: int = 2,
        pixel_size: object = None,
        crowded: str = "error",
        attempts: int = 1000,
        max_count: int | None = None,
        name: str | None = None,
    ) -> Scene:
        """Return a scene of ``count`` copies: see `Scene.repeat`."""
        return self.scene.repeat(count, min_distance, dimensions=dimensions, pixel_size=pixel_size, crowded=crowded,
                                 attempts=attempts, max_count=max_count, name=name)  # fmt: skip

    def after(self, flow: Flow) -> Flow:
        raise RecipeError(
            f"{self.title()} stands at the start of a chain; write {self.title()}(...) + ... to add it to a scene"
        )


class Placed(Property):
    """How many copies were placed."""

    dtype = np.dtype(np.int64)

    def __init__(self, repeat: Repeat) -> None:
        self.repeat, self.owner, self.inputs = repeat, repeat, (repeat.count,)

    def bounds(self) -> Bounds:
        low, high = self.inputs[0].bounds()
        return (low if self.repeat.crowded == "error" else 0.0), high


class Repeat(Feature):
    """Copies of some scatterers: see `Scene.repeat`, which makes it."""

    takes = ()
    drawn = ("placed",)

    count: Value = parameter("number of copies", least=0, most=MOST_COPIES)
    min_distance: Value = parameter(
        "smallest distance of two copies (px; um in 3-D)", default=None, least=0, optional=True
    )
    pixel_size: Value = parameter("pixel pitch in the object, for distances in 3-D", default=None, unit="um", above=0,
                                  plausible=100, optional=True)  # fmt: skip
    dimensions: int = option("2: distances in the image plane; 3: in space", default=2, read=one_of(2, 3))
    crowded: str = option('"error", or "fewer" copies where they do not fit', default="error",
                          read=one_of("error", "fewer"))  # fmt: skip
    attempts: int = option("how often a position is drawn before giving up", default=1000, read=whole_number(1, 10**6))
    max_count: int | None = option("largest count, where it cannot be known", default=None,
                                   read=whole_number(0, MOST_COPIES, optional=True))  # fmt: skip
    scatterers: tuple[Scatterer, ...] = attrs.field(default=(), kw_only=True, repr=False)
    placed: Property = attrs.field(init=False, repr=False)

    def check(self) -> None:
        if not np.isfinite(self.count.bounds()[1]) and self.max_count is None:
            raise ParameterError("Repeat.count: its largest value is not known; give max_count")
        if self.dimensions == 3 and self.min_distance is not None and self.pixel_size is None:
            raise ParameterError("Repeat.pixel_size: None; needed for distances in 3-D (um)")

    def hidden(self) -> dict[str, Property]:
        return {"placed": Placed(self)}

    @property
    def most(self) -> int:
        """The largest number of copies."""
        if self.max_count is not None:
            return self.max_count
        return int(np.floor(self.count.bounds()[1]))

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        bad = values["count"] > self.most
        if bad.any():
            i = int(np.argmax(bad))
            raise ParameterError(f"Repeat.count: {values['count'][i]} in example {examples[i]}; must be <= {self.most}")


def member_scatterers(member: Scatterer | Repeat) -> tuple[Scatterer, ...]:
    """Return the scatterers that a member of a scene stands for."""
    return member.scatterers if isinstance(member, Repeat) else (member,)


class Microscope(Feature):
    """A feature that makes an image of a scene. ``shape`` is (height, width) in pixels."""

    takes = ("scene",)
    images: ClassVar[tuple[type[Scatterer], ...]] = ()  # scatterers that it can image
    gives: ClassVar[str] = "image"
    shape: tuple[int, int]

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        for scatterer in flow.scatterers if isinstance(flow, Scene) else ():
            if not isinstance(scatterer, self.images):
                raise RecipeError(f"{self.title()} cannot image {scatterer.title()}")

    def after(self, flow: Flow) -> Flow:
        self.refuse(flow)
        return Applied(self, flow, kind=self.gives, shape=self.shape_after(flow), dtype=self.dtype_after(flow))


def as_scene(value: object, asker: str) -> Scene:
    """Return ``value`` as a scene; RecipeError, in the words of ``asker``, if it is none."""
    scene = as_flow(value)
    if isinstance(scene, Scene):
        return scene
    raise RecipeError(f"{asker} takes a scene; {describe(value) if isinstance(value, Flow) else repr(value)} is none")
