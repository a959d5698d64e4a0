"""How far the network gets that is taught by outlines: what no recipe can be expected to beat by much.

    python examples/cell_counting/outlines.py

The kept network goes on with the outlines of the 100 fields for choosing and is judged on the 50 for testing.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
import typer
from rich.console import Console

import dtmodels as dm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fields import CHOOSING, SIDE, density_of, measured_fields
from measured import MissingData, folder
from run import densities, scores

Array = np.ndarray[Any, Any]
BATCH = 8


def main(
    images: Annotated[int, typer.Option(help="slices to learn from, drawn and turned at random")] = 8_000,
    loss: Annotated[str, typer.Option(help="mae (the median where outlines contradict one another) or mse")] = "mse",
    precision: Annotated[str, typer.Option(help="mixed_bfloat16: twice as fast with AMX")] = "float32",
) -> None:
    """Teach the kept network by outlines, and count."""
    keras.mixed_precision.set_global_policy(precision)
    try:
        fields, tested = measured_fields("choosing").fields, measured_fields("test")
    except MissingData as missing:
        raise SystemExit(f"without the measured fields: {missing}") from None
    paths = sorted(folder("bbbc039/images").glob("*.tif"))[:CHOOSING]
    outlined = np.stack([density_of(path) for path in paths])
    run = dm.open_pretrained("cell_counting")
    before = densities(run, tested.counted).sum(axis=(1, 2))
    steps = images // BATCH
    rate = keras.optimizers.schedules.CosineDecay(4e-4, steps)
    # Gradients of densities are about 1e-7: Adam's usual epsilon would stand above them.
    run.model.compile(loss=loss, optimizer=keras.optimizers.Adam(rate, epsilon=1e-12))
    run.model.fit(drawn(fields, outlined), steps_per_epoch=steps, verbose=0)
    after = densities(run, tested.counted).sum(axis=(1, 2))
    # What a network that knows outlines gets wrong as one does that never saw any, lies in the outlines or in the images.
    same = float(np.corrcoef(before - tested.counts, after - tested.counts)[0, 1])
    found = scores(tested.counts, after) | {"correlation_of_errors": same}
    Console(highlight=False).print({name: round(value, 4) for name, value in found.items()})


def drawn(fields: Array, outlined: Array) -> Iterator[tuple[Array, Array]]:
    """Slices anywhere in the fields, turned and mirrored, a little brighter or dimmer, with their densities."""
    draws, both = np.random.default_rng(1), np.stack([fields, outlined], axis=-1).astype(np.float32)
    rows, columns = (length - SIDE + 1 for length in both.shape[1:3])
    while True:
        some = []
        for _ in range(BATCH):
            k, y, x = draws.integers([len(both), rows, columns])
            part = np.rot90(both[k, y : y + SIDE, x : x + SIDE], draws.integers(4))
            some.append(part[:: draws.choice([1, -1])])
        batch = np.stack(some)
        yield batch[..., :1] * np.exp(0.15 * draws.normal(size=(BATCH, 1, 1, 1))), batch[..., 1:]


if __name__ == "__main__":
    typer.run(main)
