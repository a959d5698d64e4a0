"""The process in which drafts are rendered: what takes too long, or dies, takes no page with it.

It reads pickled requests from its parent on standard input and answers on standard output, one after the other.

Stages are made of the recipe's own graph (``targets``, ``Applied.inputs``), which is not public: written as text again, features
without a name would be others, with other random numbers.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import attrs
import numpy as np

import simcore as sc
from simcore.features import Applied, Flow
from simcore.scenes import Microscope
from simcore.stored import Stored

MOST_VALUES = 64_000_000  # of one preview; more is a dataset
HEADER = struct.Struct("<Q")
STAGE = "studio_stage_"


@dataclass(frozen=True)
class Request:
    """What is to be rendered: examples ``indices`` of ``seed``; ``stages`` names the output whose stages are wanted."""

    text: str
    indices: tuple[int, ...] = (0,)
    seed: int = 1
    split: str | None = None
    stages: str | None = None
    outputs: tuple[str, ...] | None = None
    trust: bool = False


@dataclass(frozen=True)
class Shown:
    """One output of the examples: its ``kind`` is that of simcore's outputs ("image", "mask", "field", "points" ...)."""

    name: str
    kind: str
    values: np.ndarray
    units: str = "1"
    meaning: str = ""
    frame: tuple[int, int] | None = None
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came of it: an ``error`` in the library's words, or outputs and stages."""

    outputs: tuple[Shown, ...] = ()
    stages: tuple[Shown, ...] = ()
    error: str = ""
    untrusted: bool = False
    seconds: float = 0.0
    request: Request | None = field(default=None, repr=False)


def render(request: Request) -> Answer:
    """Render a request; errors of any kind are told in the answer."""
    started = time.perf_counter()
    try:
        outputs, stages = _rendered(request)
    except sc.UntrustedCodeError as error:
        return Answer(error=str(error), untrusted=True, request=request)
    except sc.SimcoreError as error:
        return Answer(error=str(error), request=request)
    except MemoryError:
        return Answer(error="the preview does not fit into memory", request=request)
    except Exception as error:  # of the user's own code, or one that simcore did not foresee
        return Answer(error=f"{type(error).__name__}: {error}", request=request)
    return Answer(outputs, stages, seconds=time.perf_counter() - started, request=request)


def _rendered(request: Request) -> tuple[tuple[Shown, ...], tuple[Shown, ...]]:
    recipe = plain = sc.loads(request.text, request.trust)
    stages = _stages(recipe, request.stages) if request.stages in recipe.targets else []
    if stages:
        with contextlib.suppress(sc.SimcoreError):  # a stage that cannot be an output is left out
            recipe = sc.Recipe(**recipe.targets, **{f"{STAGE}{k}": flow for k, (_, flow) in enumerate(stages)})
    chosen = [*request.outputs, *(n for n in recipe.targets if n.startswith(STAGE))] if request.outputs else None
    if chosen is not None:
        chosen = [name for name in chosen if name in recipe.all_targets]
    shapes = [recipe.outputs[name].shape for name in (chosen or recipe.outputs)]
    size = len(request.indices) * sum(int(np.prod(shape, dtype=float)) for shape in shapes)
    if size > MOST_VALUES:
        raise sc.RecipeError(
            f"{size:,} values; a preview shows up to {MOST_VALUES:,}: take smaller images or fewer draws"
        )
    arrays = recipe.render(indices=request.indices, seed=request.seed, split=request.split, outputs=chosen)
    shown = [_shown(recipe, name, values) for name, values in arrays.items() if not name.startswith(STAGE)]
    made = [_stage(recipe, k, title, arrays) for k, (title, _) in enumerate(stages)]
    field = _field(plain, request, arrays.get(str(request.stages))) if stages else None
    if field is not None:
        made.insert(1 if made[0].name == "scene" else 0, field)
    return tuple(shown), tuple(made)


def _shown(recipe: sc.Recipe, name: str, values: np.ndarray) -> Shown:
    spec = recipe.outputs[name]
    frame = spec.attributes.get("frame")
    return Shown(
        name, spec.kind, values, spec.units, spec.description, tuple(frame) if frame else None, spec.dimensions
    )


def _stage(recipe: sc.Recipe, number: int, title: str, arrays: dict[str, np.ndarray]) -> Shown:
    name = f"{STAGE}{number}"
    if name not in arrays:
        return Shown(title, "none", np.zeros(0))
    shown = _shown(recipe, name, arrays[name])
    return _titled(shown, title)


def _titled(shown: Shown, title: str) -> Shown:
    """Return what is shown under another name."""
    return Shown(title, shown.kind, shown.values, shown.units, shown.meaning, shown.frame, shown.dimensions)


def _stages(recipe: sc.Recipe, output: str | None) -> list[tuple[str, Flow]]:
    """Return the flows on the way to an output, the first one first, and what made each."""
    flow: Any = recipe.targets[str(output)]
    found: list[tuple[str, Flow]] = []
    while isinstance(flow, Applied | Stored):
        if isinstance(flow, Applied):
            found.append((flow.feature.title(), flow))
            if isinstance(flow.feature, Microscope):
                with contextlib.suppress(sc.SimcoreError):
                    found.append(("scene", sc.positions(flow.inputs[0], microscope=flow.feature)))
        flow = flow.inputs[0]
    return found[::-1]


def _field(recipe: sc.Recipe, request: Request, image: np.ndarray | None) -> Shown | None:
    """Return the field that the light of the output's microscope has in the image; None where that has none.

    It is rendered beside the image, whose draws must be the same: the names of draws follow the outputs.
    """
    flow: Any = recipe.targets[str(request.stages)]
    while isinstance(flow, Applied | Stored) and not (
        isinstance(flow, Applied) and isinstance(flow.feature, Microscope)
    ):
        flow = flow.inputs[0]
    if image is None or not isinstance(flow, Applied) or flow.kind == "field":
        return None
    with contextlib.suppress(Exception):  # fluorescence has no field, nor has whatever else ComplexField refuses
        field = flow.inputs[0] >> sc.ComplexField(**_for_field(flow.feature))
        others = {
            name: target
            for name, target in recipe.targets.items()
            if getattr(target, "kind", "") not in ("points", "boxes")
        }
        beside = sc.Recipe(**others, **{STAGE: field})
        arrays = beside.render(
            indices=request.indices, seed=request.seed, split=request.split, outputs=[str(request.stages), STAGE]
        )
        if np.array_equal(arrays[str(request.stages)], image):
            return _titled(_shown(beside, STAGE, arrays[STAGE]), "field")
    return None


def _for_field(microscope: Any) -> dict[str, Any]:
    """Return the parameters of a microscope that a field has too; of several wavelengths the middle one."""
    shared = {f.alias for f in attrs.fields(type(microscope)) if f.init} & {
        f.alias for f in attrs.fields(sc.ComplexField) if f.init
    }
    given = {name: getattr(microscope, name) for name in shared - {"name", "spectral_weights"}}
    if given.get("polarization_angle") is None:
        given.pop("polarization_angle", None)
    if given["wavelength"].shape:
        given["wavelength"] = given["wavelength"][given["wavelength"].shape[0] // 2]
    return given


# -- the process -----------------------------------------------------------------------------------------------------


def receive(stream: BinaryIO) -> Any:
    """Read one object; EOFError at the end."""
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        raise EOFError
    return pickle.loads(stream.read(HEADER.unpack(head)[0]))


def packed(thing: Any) -> bytes:
    """Return an object as it is sent."""
    body = pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body


def main() -> None:
    """Answer requests until the parent is gone."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what user code prints goes elsewhere
    answers.write(packed("ready"))
    answers.flush()
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            answers.write(packed(render(receive(sys.stdin.buffer))))
            answers.flush()
