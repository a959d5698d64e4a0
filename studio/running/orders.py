"""The command lines of the studio: exactly what one would type in the project folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.errors import StudioError
from studio.running.job import Order
from studio.running.places import RESULTS, apart, results_of

RECIPE_COPY, TRAINING_COPY = "{job}/recipe.yaml", "{job}/training.yaml"
SPLITS = ("train", "validation", "test")
CODECS = ("lz4", "zstd", "zstd:5", "none")
OUTPUTS = ("numbers", "particles", "counts", "masks", "images")
PICTURES = ("masks", "images")


@dataclass(frozen=True)
class Dataset:
    """What ``simcore plan`` and ``simcore generate`` are asked for; empty texts stand for the program's own choice."""

    path: str
    count: int
    seed: int = 1
    split: str = ""
    workers: int = 1
    processes: bool = False
    codec: str = ""
    unit: int | None = None
    chunk: int | None = None
    cluster: str = ""
    scheduler: str = ""
    trust: bool = False

    def __post_init__(self) -> None:
        if not self.path.strip():
            raise StudioError("dataset: has no name; such as train.zarr")
        if self.count < 1:
            raise StudioError(f"count: {self.count}; must be 1 example or more")
        if not 0 <= self.seed < 2**128:
            raise StudioError(f"seed: {self.seed}; must lie in 0 .. 2^128 - 1")
        if self.workers < 1:
            raise StudioError(f"workers: {self.workers}; must be 1 or more")
        if self.cluster and self.scheduler:
            raise StudioError("cluster file and scheduler: one of them at most")

    def plan(self) -> Order:
        """Foretell bytes, files, time and memory."""
        command = ("simcore", "plan", RECIPE_COPY, self.path, *self._options(), "--json")
        return Order("plan", f"Plan {self.path}", command)

    def generate(self) -> Order:
        """Render it, or what is missing of it."""
        where = _option("--cluster", self.cluster) + _option("--scheduler", self.scheduler)
        command = ("simcore", "generate", RECIPE_COPY, self.path, *self._options(), *where, "--json")
        return Order("generate", f"Generate {self.path}", command, self.path, self.count)

    def _options(self) -> tuple[str, ...]:
        options: tuple[str, ...] = ("--count", str(self.count), "--seed", str(self.seed))
        if not (self.cluster or self.scheduler):  # those have workers of their own, and simcore refuses both together
            options += ("--workers", str(self.workers)) if self.workers != 1 else ()
            options += ("--processes",) * self.processes
        options += _option("--split", self.split) + _option("--codec", self.codec)
        options += _option("--unit", self.unit) + _option("--chunk", self.chunk)
        return options + ("--trust",) * self.trust


def train(data: str, run: str, epochs: int | None = None) -> Order:
    """Train as the training file says, from ``data`` into the run directory ``run``."""
    if not data or not run.strip():
        raise StudioError("training: needs a dataset and the name of a run")
    command = ("dtmodels", "train", TRAINING_COPY, "--data", data, "--out", run)
    return Order("train", f"Train {run}", command, run, epochs)


@dataclass(frozen=True)
class Prediction:
    """What ``dtmodels predict`` is asked for; None and empty texts stand for the program's own choice."""

    run: str
    frames: str
    output: str = ""
    threshold: float = 0.5
    method: str = "components"
    radius: float = 3.0
    minimal_area: int = 1
    link: float | None = None
    memory: int = 0
    tile: str = ""
    frame_count: int | None = field(default=None, compare=False)
    own: str = ""  # what the run gives where ``output`` is empty: numbers, particles, counts, masks, images

    def target(self) -> str:
        """Where it is written: a table, or a stack of images."""
        ending = ".tif" if (self.output or self.own) in PICTURES else ".csv"
        return f"{results_of(self.frames)}/{apart(self.run, 'runs/')}{ending}"

    def order(self) -> Order:
        """The call."""
        if not self.run or not self.frames:
            raise StudioError("prediction: needs a trained run and measured images")
        if not 0 < self.threshold < 1:
            raise StudioError(f"threshold: {self.threshold}; must lie between 0 and 1")
        options: tuple[str, ...] = _option("--output", self.output)
        if self.threshold != 0.5:
            options += ("--threshold", _number(self.threshold))
        if self.method != "components":
            options += ("--method", self.method, "--radius", _number(self.radius))
        if self.minimal_area != 1:
            options += ("--minimal-area", str(self.minimal_area))
        if self.link is not None:
            options += ("--link", _number(self.link), *(("--memory", str(self.memory)) if self.memory else ()))
        options += _option("--tile", self.tile)
        command = ("dtmodels", "predict", self.run, self.frames, "--out", self.target(), *options)
        return Order("predict", f"{self.run} on {self.frames}", command, self.target(), self.frame_count)


def evaluate(run: str, data: str, versus: Sequence[str]) -> Order:
    """Judge a run on a dataset, its errors against stored properties."""
    folder = evaluation_folder(run, data)
    out = _option("--out", folder if "/" in data else "")  # by itself it takes the last part of the name alone
    command = ("dtmodels", "evaluate", run, "--data", data, *_option("--versus", ",".join(versus)), *out)
    return Order("evaluate", f"Evaluate {run} on {data}", command, folder)


def compare(contenders: Sequence[str], data: str, versus: Sequence[str]) -> Order:
    """Several runs and classical methods on the same examples."""
    runs = [one for one in contenders if one not in ("radial_center", "gaussian_fit", "trackpy")]
    if not runs:
        raise StudioError("compare: needs one run at least")
    out = f"{RESULTS}/compared/{'_'.join(apart(one, 'runs/') for one in contenders)}_{_stem(data)}"
    command = ("dtmodels", "compare", *contenders, "--data", data, *_option("--versus", ",".join(versus)), "--out", out)
    return Order("compare", f"Compare on {data}", command, out)


def evaluation_folder(run: str, data: str) -> str:
    """Where ``dtmodels evaluate`` writes."""
    return f"{run}/evaluation/{_stem(data)}"


def _stem(path: str) -> str:
    name = apart(path)
    return name.rsplit(".", 1)[0] if "." in name else name


def _option(name: str, value: object) -> tuple[str, ...]:
    return () if value in (None, "") else (name, str(value))


def _number(value: float) -> str:
    return f"{value:g}"
