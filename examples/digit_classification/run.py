"""Case A from recipe to figure: digits bent in many ways, a dense network, digits that it has not seen.

    python examples/digit_classification/run.py --smoke
    python examples/digit_classification/run.py

It goes on where it was stopped; results lie in ``runs/<size>`` beside this file.
"""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

import dtmodels as dm

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from measured import measured
from steps import Call, command, console

Array = np.ndarray[Any, Any]
HELD_OUT = 5_000  # the last of the 60,000 digits: never trained on, nor used to choose anything


@dataclass(frozen=True)
class Size:
    """Digits to bend and epochs to train."""

    digits: int
    epochs: int


SIZES = {"smoke": Size(20_000, 4), "default": Size(9_600_000, 4), "paper": Size(6_000_000, 20)}


def case(call: Call[Size]) -> None:
    """Case A of Midtvedt et al. (2021) from recipe to figure."""
    kept = np.load(measured("mnist/mnist_train.npz"))
    images, labels = kept["x_train"], kept["y_train"]
    data = bent(call, images[:-HELD_OUT], labels[:-HELD_OUT])
    run = call.train(HERE / "training.yaml", data, call.size.epochs)
    truth = labels[-HELD_OUT:]
    scores = np.asarray(run.model.predict(images[-HELD_OUT:, ..., None] / np.float32(255), batch_size=500, verbose=0))
    found = scores.argmax(axis=-1)
    results = judged(truth, found) | {"nearest_neighbour": nearest(images, labels)}
    call.keep(results)
    report(results)
    draw(call.folder / "figure.png", run, dm.open_dataset(data, inputs="image"), (truth, found))


def bent(call: Call[Size], images: Array, labels: Array) -> Path:
    """The digits that are trained on, each many times; the recipe finds them in digits.npz of the working directory."""
    if not (call.folder / "digits.npz").exists():
        np.savez(call.folder / "digits.npz", image=images[..., None], label=labels.astype(np.int64))
    with contextlib.chdir(call.folder):
        return call.generate(HERE / "recipe.yaml", "train.zarr", call.size.digits, seed=1, split="train").absolute()


def judged(truth: Array, found: Array) -> dict[str, Any]:
    """Accuracy with its standard error, and how often each digit is taken for each."""
    accuracy = float((truth == found).mean())
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (truth, found), 1)
    error = float(np.sqrt(accuracy * (1 - accuracy) / len(truth)))
    return {"accuracy": accuracy, "standard_error": error, "confusion": confusion.tolist()}


def nearest(images: Array, labels: Array) -> float:
    """Accuracy of the nearest neighbour among the digits that were trained on: what needs no training."""
    known = (images[:-HELD_OUT].reshape(-1, 784) / np.float32(255)).astype(np.float32)
    asked = (images[-HELD_OUT:].reshape(-1, 784) / np.float32(255)).astype(np.float32)
    squares = (known**2).sum(axis=1)
    best = [np.argmin(squares - 2 * part @ known.T, axis=1) for part in np.array_split(asked, 20)]
    return float((labels[:-HELD_OUT][np.concatenate(best)] == labels[-HELD_OUT:]).mean())


def report(results: dict[str, Any]) -> None:
    """Print the numbers."""
    table = Table(f"{HELD_OUT:,} digits not trained on", "accuracy")
    table.add_row("dense network", f"{results['accuracy']:.2%} (standard error {results['standard_error']:.2%})")
    table.add_row("nearest neighbour", f"{results['nearest_neighbour']:.2%}")
    console.print(table)


def draw(path: Path, run: dm.Run, examples: dm.Examples, answers: tuple[Array, Array]) -> None:
    """Bent digits, the losses, and which digit is taken for which."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    digits, losses, confusion = figure.subplots(1, 3)
    first = examples[:30].numpy()[0]
    digits.imshow(np.block([[first[6 * row + k, ..., 0] for k in range(6)] for row in range(5)]), cmap="gray")
    digits.set(title="digits as they are trained on", xticks=[], yticks=[])
    for name, label in (("loss", "training, bent, with dropout"), ("val_loss", "validation, bent")):
        losses.plot(run.history["epoch"], run.history[name], "o-", ms=3, label=label)
    losses.set(xlabel="epoch", ylabel="cross-entropy", yscale="log")
    losses.xaxis.get_major_locator().set_params(integer=True)
    losses.legend()
    counts = np.zeros((10, 10), int)
    np.add.at(counts, answers, 1)
    np.fill_diagonal(counts, 0)
    confusion.imshow(counts, cmap="Oranges")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            confusion.text(column, row, str(count), ha="center", va="center", fontsize=8)
    confusion.set(
        xlabel="taken for", ylabel="digit", xticks=range(10), yticks=range(10), title=f"{counts.sum()} errors"
    )
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    command(case, HERE, SIZES)
