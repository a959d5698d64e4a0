"""What a recipe knows of the physical size of pixels and of the time between frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import attrs

from simcore.errors import SimcoreError


@attrs.frozen
class Physical:
    """Pixel size in micrometres and interval in seconds, where they are known and the same for all examples."""

    pixel_size: float | None = None
    interval: float | None = None


def physical(recipe: str, output: str, dimensions: tuple[str, ...]) -> Physical:
    """Read the text of a recipe; code in it is not run, nor anything rendered.

    Args:
        recipe: the text.
        output: of which output.
        dimensions: names of its axes: in the common frame ("y", "x") pixels are those of the recipe's first image.

    """
    return _all_of(recipe).get(output if "y" not in dimensions else "", Physical())


@lru_cache(maxsize=16)
def _all_of(text: str) -> dict[str, Physical]:
    from simcore.reader import loads  # noqa: PLC0415  (as slow to import as all of simcore)

    try:
        recipe = loads(text)
    except SimcoreError:  # of another version, or with code of its own
        return {}
    features = {name: list(_features(flow)) for name, flow in recipe.targets.items() if hasattr(flow, "feature")}
    found = {name: Physical(_pixel_size(chain), _only(chain, "interval")) for name, chain in features.items()}
    common = [name for name, spec in recipe.outputs.items() if "y" in spec.dimensions and name in found]
    known = [found[name] for name in common if _only(features[name], "pixel_size") is not None]
    interval = next((found[name].interval for name in common if found[name].interval), None)
    return found | {"": Physical(known[0].pixel_size if known else None, interval)}


def _features(flow: Any) -> Iterator[Any]:
    if getattr(flow, "feature", None) is not None:
        yield flow.feature
    for source in flow.inputs:
        yield from _features(source)


def _pixel_size(chain: list[Any]) -> float | None:
    from simcore.geometry import Affine  # noqa: PLC0415  (as above)
    from simcore.operations.fields import Transform  # noqa: PLC0415  (as above)
    from simcore.operations.sizes import Rescaling  # noqa: PLC0415  (as above)

    changed = any(isinstance(feature, (Affine, Transform, Rescaling)) for feature in chain)
    return None if changed else _only(chain, "pixel_size")


def _only(chain: list[Any], parameter: str) -> float | None:
    """The one constant value that a parameter has among these features."""
    nodes = [node for node in (getattr(feature, parameter, None) for feature in chain) if node is not None]
    values = {float(node.value) if getattr(node, "value", None) is not None else None for node in nodes}
    return values.pop() if len(values) == 1 else None
