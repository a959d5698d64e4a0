"""Training from disk beside training from memory: ``python -m benchmarks.loading``.

The same network, the same batches in the same order, by the same loop of Keras: once read chunk by chunk from a dataset on disk
(memory_limit=0), once from arrays in memory, in turns. And first the reading alone, which is what would keep a GPU waiting.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

import dtmodels as dm
import simcore as sc

EPOCHS = 9  # of reading alone
RECIPE = """
format: simcore-recipe/1
define:
  spot:  PointEmitter(x=uniform(24, 40), y=uniform(24, 40), intensity=1000)
  light: Fluorescence(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(64, 64), tolerance=0.01)
outputs:
  image:    spot >> light >> PoissonNoise(snr=10)
  position: positions(spot)
"""


def main(
    count: Annotated[int, typer.Option(help="images of 64 x 64 float32")] = 20_000,
    rounds: Annotated[int, typer.Option(help="epochs of each")] = 3,
) -> None:
    """Images per second of training and of reading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.zarr"
        sc.loads(RECIPE).generate(path, count, seed=1, workers=2, progress=False)
        data = dm.open_dataset(path, inputs="image", targets="position")
        ways = {"disk": data.batches(64, 1, memory_limit=0), "memory": data.batches(64, 1, memory_limit=2**34)}
        print(f"reading alone, shuffled: {_reading(ways['disk'], count):,.0f}/s")
        models = {way: _compiled(data) for way in ways}
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for turn in range(rounds + 1):
            for way, batches in ways.items():
                started = time.perf_counter()
                models[way].fit(batches, initial_epoch=turn, epochs=turn + 1, shuffle=False, verbose=0)
                seconds[way].append(time.perf_counter() - started)
        found = {way: median(times[1:]) for way, times in seconds.items()}  # the first compiles
        print(f"training from disk {count / found['disk']:,.0f}/s, from memory {count / found['memory']:,.0f}/s")
        print(f"from disk over from memory: {found['memory'] / found['disk']:.1%}")


def _compiled(data: dm.Examples) -> Any:
    model = dm.models.cnn(data.input_shape, convolutions=(16, 32, 64), dense=(32, 32), outputs=2, seed=1)
    model.compile(optimizer="adam", loss="mae")
    return model


def _reading(batches: Any, count: int) -> float:
    seconds = []
    for _ in range(EPOCHS):
        started = time.perf_counter()
        for k in range(len(batches)):
            batches[k]
        batches.on_epoch_end()
        seconds.append(time.perf_counter() - started)
    return count / median(seconds)


if __name__ == "__main__":
    typer.run(main)
