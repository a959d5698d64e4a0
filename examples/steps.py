"""What every example does: render its recipes into datasets, train as its training file says, keep its numbers."""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import typer
from rich.console import Console

import dtmodels as dm
import simcore as sc

console = Console(highlight=False)
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
S = TypeVar("S")


@dataclass(frozen=True)
class Call(Generic[S]):
    """One call of an example: the folder of its results, the size that was asked for, Keras' precision."""

    folder: Path
    size: S
    precision: str | None = None

    def generate(self, recipe: Path, name: str, count: int, seed: int, split: str) -> Path:
        """Render a recipe into a dataset with both cores; a finished one is left alone."""
        start, path = time.perf_counter(), self.folder / name
        sc.load(recipe).generate(path, count=count, seed=seed, split=split, workers=os.cpu_count() or 1)
        console.print(f"{name}: {count:,} examples ({time.perf_counter() - start:.0f} s)")
        return path

    def train(self, training: Path, data: Path, epochs: int, name: str = "run") -> dm.Run:
        """Train as a training file says, going on where an earlier call was stopped."""
        from dtmodels.train import train_from

        configuration, directory = dm.load_configuration(training), self.folder / name
        fitting = configuration.fit.model_copy(update={"epochs": epochs})
        machine = configuration.machine
        if self.precision:
            machine = machine.model_copy(update={"precision": self.precision})
        configuration = configuration.model_copy(update={"fit": fitting, "machine": machine})
        return train_from(configuration, data, directory, resume=(directory / "run.json").exists())

    def keep(self, results: Mapping[str, Any]) -> None:
        """Write results.json."""
        (self.folder / "results.json").write_text(json.dumps(results, indent=1, default=float) + "\n")


def command(case: Callable[[Call[S]], None], here: Path, sizes: Mapping[str, S], usual: str = "default") -> None:
    """Offer a case on the command line, at each of its sizes."""

    def main(
        size: Annotated[str, typer.Option(help=", ".join(sizes))] = usual,
        smoke: Annotated[bool, typer.Option("--smoke", help="the smallest size: the pieces fit together")] = False,
        paper: Annotated[bool, typer.Option("--paper", help="the largest size: a GPU is advised")] = False,
        out: Annotated[Path | None, typer.Option(help="folder for datasets, runs and results")] = None,
        fresh: Annotated[bool, typer.Option("--fresh", help="throw away what an earlier call left")] = False,
        precision: Annotated[
            str | None,
            typer.Option(help="mixed_bfloat16: twice as fast on processors with AMX; mixed_float16: GPUs"),
        ] = None,
    ) -> None:
        if smoke and paper:
            raise typer.BadParameter("--smoke and --paper: must be one of them")
        size = {(True, False): "smoke", (False, True): list(sizes)[-1]}.get((smoke, paper), size)
        if size not in sizes:
            raise typer.BadParameter(f"--size {size}: must be one of {', '.join(sizes)}")
        if precision not in (None, *PRECISIONS):
            raise typer.BadParameter(f"--precision {precision}: must be one of {', '.join(PRECISIONS)}")
        # Absolute: recipes that name files are rendered from within it.
        start, folder = time.perf_counter(), (out or here / "runs" / size).absolute()
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        case(Call(folder, sizes[size], precision))
        console.print(f"{folder / 'figure.png'} and results.json ({time.perf_counter() - start:.0f} s)")

    main.__doc__ = case.__doc__
    typer.run(main)
