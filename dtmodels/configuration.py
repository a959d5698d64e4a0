"""The training file: what is read, how frames are prepared, which network, how it is fitted."""

import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from dtmodels import models
from dtmodels.errors import ConfigurationError

FORMAT: Literal["dtmodels-training/1"] = "dtmodels-training/1"
S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A part of the training file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(Section):
    """Arrays of the dataset, share kept for validation, bytes up to which all of it is held in memory.

    ``where`` is a condition on stored properties that training and validation examples fulfil; ``weights`` a stored
    property by which examples count in the loss, ``balance`` one whose values are to count alike. ``mirror`` turns the
    training images, and what is known of them, over and about in each epoch.
    """

    inputs: str = "image"
    targets: str | list[str] = "position"
    validation: float = Field(default=0.1, gt=0, lt=1)
    validation_seed: int | None = Field(default=None, ge=0)
    memory_limit: int = Field(default=2 * 2**30, ge=0)
    where: str | None = None
    weights: str | None = None
    balance: str | None = None
    mirror: bool = False

    @model_validator(mode="after")
    def _one_weighting(self) -> "DataSection":
        if self.weights is not None and self.balance is not None:
            raise ValueError("weights and balance exclude each other")
        return self


class Normalize(Section):
    """The darkest and the brightest pixel of a frame are brought to the two values of ``minmax``.

    ``percentiles``, in per cent of the pixels, say what is dark and bright where single pixels are neither: [1, 99.9]. What
    lies beyond goes on along the same line.

    With ``unit`` instead, the background is brought to 0 and so many counts above it to 1: the commonest level among the
    darker half of a frame's pixels is its background.
    """

    minmax: tuple[float, float] = (0.0, 1.0)
    percentiles: tuple[float, float] = (0.0, 100.0)
    unit: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @field_validator("minmax")
    @classmethod
    def _ascending(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise ValueError("must be [low, high] with low < high")
        return value

    @field_validator("percentiles")
    @classmethod
    def _shares(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] < value[1] <= 100:
            raise ValueError("must be [low, high] with 0 <= low < high <= 100")
        return value

    @field_validator("unit")
    @classmethod
    def _one_way(cls, value: float | None, others: ValidationInfo) -> float | None:
        usual = {"minmax": (0.0, 1.0), "percentiles": (0.0, 100.0)}  # a run's record has them all
        if value is not None and {name: others.data.get(name) for name in usual} != usual:
            raise ValueError("excludes minmax and percentiles")
        return value


class InputSection(Section):
    """How measured frames are brought to what the network saw; in this order: grey, crop, resize, normalize.

    ``crop`` is [y, x, height, width] in pixels of the frame, ``resize`` [height, width]. A network that gives images takes
    larger frames in tiles of ``tile`` [height, width] pixels; neighbours share ``overlap`` pixels (a quarter of the tile).
    """

    grey: bool | Literal["luminance", "mean"] = False
    crop: tuple[int, int, int, int] | None = None
    resize: tuple[int, int] | None = None
    normalize: Literal["minmax", "none"] | Normalize = "none"
    tile: tuple[int, int] | None = None
    overlap: int | None = Field(default=None, ge=0)

    @field_validator("resize", "crop", "tile")
    @classmethod
    def _sizes(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (min(value[-2:]) < 1 or min(value) < 0):
            raise ValueError("heights and widths must be at least 1, offsets at least 0")
        return value

    @model_validator(mode="after")
    def _within(self) -> "InputSection":
        if self.tile is not None and self.overlap is not None and self.overlap >= min(self.tile):
            raise ValueError(f"overlap {self.overlap} px must be less than the tile {list(self.tile)}")
        return self

    @property
    def scaling(self) -> Normalize | None:
        """What levels of a frame are brought to; None: values stay."""
        if isinstance(self.normalize, Normalize):
            return self.normalize
        return Normalize() if self.normalize == "minmax" else None


class Cosine(Section):
    """Learning rate that falls, batch by batch, along half a cosine to ``final`` of its start after ``warmup`` epochs of rise."""

    final: float = Field(default=0.01, ge=0, le=1)
    warmup: int = Field(default=0, ge=0)


class ReduceOnPlateau(Section):
    """Learning rate times ``factor`` whenever the validation loss has not fallen for ``patience`` epochs."""

    factor: float = Field(default=0.5, gt=0, lt=1)
    patience: int = Field(default=10, ge=1)
    minimum: float = Field(default=1e-6, ge=0)


class ScheduleSection(Section):
    """One of the two schedules."""

    cosine: Cosine | None = None
    reduce_on_plateau: ReduceOnPlateau | None = None


class WatchSection(Section):
    """Measured frames that the network is tried on ``every`` so many epochs: the first ``count`` of a video, stack or folder.

    ``output`` takes what ``dtmodels.predict`` does about outputs: ``{threshold: 0.3}``.
    """

    frames: str
    every: int = Field(default=5, ge=1)
    count: int = Field(default=16, ge=1)
    output: dict[str, Any] = {}


Name = str | dict[str, dict[str, Any]]


class FitSection(Section):
    """Loss, optimizer, length and randomness of a training.

    ``loss_schedule`` has the losses that follow: {10: "binary_crossentropy"} from the eleventh epoch on.
    ``checkpoint_seconds`` is how often, within an epoch, what is needed to go on is kept; None: after epochs only.
    """

    loss: Name = "mae"
    loss_schedule: dict[int, Name] = {}
    metrics: list[Name] = []
    optimizer: Name = "adam"
    schedule: Literal["cosine", "reduce_on_plateau"] | ScheduleSection | None = None
    epochs: int = Field(default=110, ge=1)
    batch_size: int = Field(default=64, ge=1)
    seed: int = Field(default=1, ge=0)
    early_stopping: int | None = Field(default=None, ge=1)
    keep: Literal["best", "last"] = "best"
    standardize_targets: bool | None = None
    checkpoint_seconds: float | None = Field(default=300, ge=0)
    watch: WatchSection | None = None

    @field_validator("loss", "optimizer")
    @classmethod
    def _one_name(cls, value: Name) -> Name:
        if isinstance(value, dict) and len(value) != 1:
            raise ValueError("must be a name, or one name with its arguments")
        return value

    @field_validator("metrics")
    @classmethod
    def _names(cls, value: list[Name]) -> list[Name]:
        return [cls._one_name(name) for name in value]

    @field_validator("loss_schedule")
    @classmethod
    def _epochs(cls, value: dict[int, Name]) -> dict[int, Name]:
        if min(value, default=1) < 1:
            raise ValueError("the keys are numbers of epochs done, from 1")
        return {epoch: cls._one_name(value[epoch]) for epoch in sorted(value)}

    def stages(self) -> list[tuple[int, int, Name]]:
        """First epoch (from 0), the one after the last, and loss of each part of the training."""
        losses = {0: self.loss} | {epoch: loss for epoch, loss in self.loss_schedule.items() if epoch < self.epochs}
        stops = [*list(losses)[1:], self.epochs]
        return [(first, stop, loss) for (first, loss), stop in zip(losses.items(), stops, strict=True)]

    @property
    def cosine(self) -> Cosine | None:
        if self.schedule == "cosine":
            return Cosine()
        return self.schedule.cosine if isinstance(self.schedule, ScheduleSection) else None

    @property
    def reduce_on_plateau(self) -> ReduceOnPlateau | None:
        if self.schedule == "reduce_on_plateau":
            return ReduceOnPlateau()
        return self.schedule.reduce_on_plateau if isinstance(self.schedule, ScheduleSection) else None


class MachineSection(Section):
    """How the machine is used.

    ``precision`` is Keras' policy for the network that is built, ``deterministic`` has TensorFlow choose operations that
    give the same numbers each time, which costs speed; ``devices``: "all" shares each batch among the GPUs of this machine.
    """

    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    deterministic: bool = False
    devices: Literal["all"] | None = None


class Configuration(Section):
    """A whole training file."""

    format: Literal["dtmodels-training/1"]
    data: DataSection = DataSection()
    input: InputSection | None = None
    model: dict[str, Any]
    fit: FitSection = FitSection()
    machine: MachineSection = MachineSection()

    def to_yaml(self) -> str:
        """The file with every default written out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=120)


def load_configuration(path: str | PathLike[str]) -> Configuration:
    """Read a training file; ConfigurationError names the key that is wrong, its value and what is allowed."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        values = yaml.load(text, Loader=Loader)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path}: must hold keys and values, beginning with `format: {FORMAT}`")
    configuration = validated(Configuration, values, str(path))
    try:
        models.check(configuration.model)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    return configuration


def validated(kind: type[S], values: Mapping[str, Any], where: str) -> S:
    """A section from plain values; ConfigurationError instead of pydantic's report."""
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigurationError(f"{where}: {'; '.join(_lines(kind, error))}") from None


def _lines(kind: type[Section], error: ValidationError) -> list[str]:
    lines: dict[str, str] = {}
    for item in error.errors():
        # pydantic names the members of a union inside the location: our keys are lower case words, its names are not.
        path = [str(part) for part in item["loc"] if isinstance(part, int) or re.fullmatch(r"[a-z_0-9]+", str(part))]
        key = ".".join(part for part in path if part not in ("bool", "str", "int", "tuple", "list", "dict"))
        if item["type"] == "extra_forbidden":
            lines.setdefault(key, f"{key}: unknown key; known: {', '.join(_known(kind, path[:-1]))}")
        elif item["type"] == "missing":
            lines.setdefault(key, f"{key}: is missing")
        else:
            lines.setdefault(key, f"{key}: {item['input']!r}; {item['msg'].removeprefix('Value error, ')}")
    # Of a value that could be several things, the complaint about its innermost part says most.
    inner = [key for key in lines if not any(other.startswith(f"{key}.") for other in lines)]
    return [lines[key] for key in inner][:3]


def _known(kind: type[Section], path: list[str]) -> list[str]:
    for part in path:
        field = kind.model_fields.get(part)
        inner = [] if field is None else _sections_in(field.annotation)
        if not inner:
            break
        kind = inner[0]
    return list(kind.model_fields)


def _sections_in(annotation: Any) -> list[type[Section]]:
    members = getattr(annotation, "__args__", (annotation,))
    return [member for member in members if isinstance(member, type) and issubclass(member, Section)]


class Loader(yaml.SafeLoader):
    """YAML in which 1e-3 is a number (YAML 1.1 wants 1.0e-3) and a key stands once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if isinstance(key, str) and keys.count(key) > 1})
        if twice:
            raise yaml.YAMLError(f"the key {twice[0]!r} stands twice")
        return super().construct_mapping(node, deep)


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+0123456789.")
)
