"""What every example does: render its recipes into datasets, train as its training file says, draw its figure."""

import os
import time
from pathlib import Path

from rich.console import Console

import dtmodels as dm
import simcore as sc

console = Console(highlight=False)


def generate(recipe: Path, path: Path, count: int, seed: int, split: str) -> Path:
    """Render a recipe into a dataset with both cores; a finished one is left alone."""
    start = time.perf_counter()
    sc.load(recipe).generate(path, count=count, seed=seed, split=split, workers=os.cpu_count() or 1)
    console.print(f"{path.name}: {count:,} examples ({time.perf_counter() - start:.0f} s)")
    return path


def train(training: Path, data: Path, directory: Path, epochs: int) -> dm.Run:
    """Train as a training file says, going on where an earlier call was stopped."""
    from dtmodels.train import train_from

    configuration = dm.load_configuration(training)
    fitting = configuration.fit.model_copy(update={"epochs": epochs})
    configuration = configuration.model_copy(update={"fit": fitting})
    return train_from(configuration, data, directory, resume=(directory / "run.json").exists())
