"""What a form of the training file asks for, from the declarations of dtmodels: its sections and the networks' own signatures."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import yaml

from dtmodels.models import KINDS
from dtmodels.models.checks import NORMALIZATIONS, POOLINGS, UPSAMPLINGS

# Names of Keras, which is not imported here; any other of its names may be typed.
ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "swish", "tanh", "sigmoid", "softmax", "softplus", "linear")
LOSSES = (
    "mae", "mse", "huber", "log_cosh", "euclidean_distance", "gaussian_likelihood", "binary_crossentropy",
    "weighted_binary_crossentropy", "binary_focal_crossentropy", "dice", "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)  # fmt: skip
METRICS = (
    "euclidean_error", "counting_error", "structural_similarity", "mean_absolute_error", "mean_squared_error", "accuracy",
    "binary_accuracy", "precision", "recall", "auc",
)  # fmt: skip
OPTIMIZERS = ("adam", "adamw", "nadam", "rmsprop", "sgd", "adagrad", "lion")
SCHEDULES = ("cosine", "reduce_on_plateau")
MEANINGS = {
    "convolutions": "filters of the convolutions, level by level",
    "convolutions_per_pooling": "convolutions of each level, one after the other",
    "input_pooling": "blocks of so many pixels a side are averaged first",
    "base": "filters of the convolutions at the bottom",
    "residual_base": "residual blocks at the bottom",
    "output_convolutions": "filters of the convolutions before the output",
    "lstm": "units of the long short-term memories",
    "dense": "units of the dense layers",
    "outputs": "numbers, or channels, of the output",
    "returns": "one output for the sequence, or one for each frame",
    "discriminator": "filters of the discriminator",
    "kernel_size": "width of the convolutions in pixels",
    "output_kernel_size": "width of the last convolution in pixels",
    "pooling": "how a level shrinks",
    "pool_size": "what a level shrinks by",
    "upsampling": "how a level grows again",
    "normalization": "after each convolution",
    "activation": "after every layer but the last",
    "output_activation": "after the last layer",
    "dropout": "share that is dropped in training",
    "dropout_layers": "dense layers that are followed by dropout",
    "refocus": "in-line holograms are taken back to planes first; lengths in um",
    "pixel_weight": "weight of the loss beside the adversarial one",
    "seed": "fixes the initial weights; empty: that of the fit",
}


@dataclass(frozen=True)
class Argument:
    """One argument of a network: ``form`` is sizes, size, share, switch, choice, mapping or word; ``choices`` of a choice."""

    name: str
    form: str
    default: Any
    meaning: str = ""
    choices: tuple[Any, ...] = ()


def kinds() -> list[str]:
    """The networks that there are."""
    return sorted(KINDS)


def about(kind: str) -> str:
    """What a network is, in the words of its declaration."""
    text = inspect.getdoc(KINDS[kind]) or ""
    return re.sub(r"``([^`]*)``", r"\1", text.split("\n\n", 1)[0].replace("\n", " "))


def arguments(kind: str) -> list[Argument]:
    """The arguments of a network, as its function declares them."""
    parameters = list(inspect.signature(KINDS[kind]).parameters.values())[1:]
    return [_argument(kind, each.name, each.default, str(each.annotation)) for each in parameters]


def _argument(kind: str, name: str, default: Any, annotation: str) -> Argument:
    meaning = MEANINGS.get(name, "")
    if isinstance(default, bool):
        return Argument(name, "switch", default, meaning)
    if isinstance(default, tuple | list):
        return Argument(name, "sizes", list(default), meaning)
    choices = _choices(kind, name)
    if choices:
        return Argument(name, "choice", default, meaning, choices)
    if "Mapping" in annotation:
        return Argument(name, "mapping", default, meaning)
    if isinstance(default, float):
        return Argument(name, "share", default, meaning)
    if isinstance(default, int) or "int" in annotation:
        return Argument(name, "size", default, meaning)
    return Argument(name, "word", default, meaning)


def _choices(kind: str, name: str) -> tuple[Any, ...]:
    if name in ("activation", "output_activation"):
        return (None, *ACTIVATIONS) if name == "output_activation" else ACTIVATIONS
    # The networks that give numbers pool by taking the largest or the mean; the others can stride too.
    pooling = POOLINGS[:2] if kind in ("cnn", "recurrent") else POOLINGS
    known: dict[str, tuple[Any, ...]] = {"pooling": pooling, "upsampling": UPSAMPLINGS, "normalization": NORMALIZATIONS}
    return known.get(name, ("last", "frames") if name == "returns" else ())


def sizes(text: str) -> list[int]:
    """Whole numbers with commas or spaces between them; ValueError names what is none."""
    found: list[int] = []
    for word in re.split(r"[,\s]+", text.strip().strip("[]")):
        if not word:
            continue
        if not word.isdecimal() or int(word) < 1:
            raise ValueError(f"{word!r}; must be whole numbers above 0, such as 16, 32, 64")
        found.append(int(word))
    return found


def mapping(text: str) -> dict[str, Any] | None:
    """What is written as ``name: value, name: value``, with braces or without; None for nothing. ValueError for all else."""
    text = text.strip()
    if not text:
        return None
    try:
        found = yaml.safe_load(text if text.startswith("{") else f"{{{text}}}")
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and value is not None for name, value in found.items()
    ):
        raise ValueError("must be names and values, such as z: [2, 30], planes: 28")
    return found


def written(value: Any) -> str:
    """A mapping as ``mapping`` reads it, without braces."""
    if not isinstance(value, dict):
        return ""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6).strip()[1:-1]


def with_defaults(section: dict[str, Any]) -> dict[str, Any]:
    """A ``model:`` section with the defaults of what it does not say."""
    kind = section.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return dict(section)
    return {each.name: each.default for each in arguments(str(kind))} | section


def name_of(named: Any) -> str:
    """The name of a loss, metric or optimizer that may have arguments."""
    return str(next(iter(named), "")) if isinstance(named, dict) else str(named)


def listed(value: Any) -> list[Any]:
    """What may be one or several, as a list: empty for nothing, alone in it for what is no list."""
    return list(value) if isinstance(value, list | tuple) else [] if value in (None, "") else [value]


def arguments_of(named: Any) -> dict[str, Any]:
    """Its arguments, if it has any."""
    found: Any = next(iter(named.values()), {}) if isinstance(named, dict) and named else {}
    return dict(found) if isinstance(found, dict) else {}


def named(name: str, values: dict[str, Any]) -> Any:
    """A name with its arguments as the training file writes it; alone where it has none."""
    kept = {key: value for key, value in values.items() if value is not None}
    return {name: kept} if kept else name
