"""Case G from recipe to figure: micrographs from masks by a conditional GAN, beside a network trained with MAE alone.

    python examples/synthetic_micrographs/run.py --smoke
    python examples/synthetic_micrographs/run.py

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
import simcore as sc

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from sections import cut, sections
from steps import Call, command, console
from textures import distance

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Size:
    """Patches to render, their width in pixels, epochs with the discriminator and without, the training file."""

    patches: int
    width: int
    epochs: int
    epochs_alone: int
    training: str = "training.yaml"


SIZES = {
    "smoke": Size(60, 128, 1, 1),
    "default": Size(3_000, 128, 6, 3),
    "paper": Size(20_000, 256, 90, 20, "training_paper.yaml"),
}


def case(call: Call[Size]) -> None:
    """Case G of Midtvedt et al. (2021) from recipe to figure."""
    data = warped(call, *sections(held_out=False))
    images, tissue = (cut(arrays, call.size.width, call.size.width) for arrays in sections(held_out=True))
    measured = images[..., 0] / 127.5 - 1
    noise = 0.05 * np.random.default_rng(1).standard_normal(tissue.shape)
    masks = (0.5 * tissue + noise).astype(np.float32)
    runs = {
        "MAE alone": call.train(HERE / "training_mae.yaml", data, call.size.epochs_alone, "alone"),
        "GAN": call.train(HERE / call.size.training, data, call.size.epochs, "gan"),
    }
    made = {name: dm.predict(run, masks, output="images")[..., 0] for name, run in runs.items()}
    results = {name: judged(measured, pictures) for name, pictures in made.items()}
    middle = len(measured) // 2
    results["one half of the measured"] = judged(measured[:middle], measured[middle:], paired=False)
    call.keep(results)
    report(results)
    draw(call.folder / "figure.png", tissue[..., 0], measured, made, generated(call))


def warped(call: Call[Size], images: Array, tissue: Array) -> Path:
    """Pairs of masks and micrographs; the recipe finds them in patches.npz of the working directory."""
    width = call.size.width
    if not (call.folder / "patches.npz").exists():
        patch = 3 * width // 2  # what is cut out of its middle, however it is turned, lies within
        np.savez(call.folder / "patches.npz", image=cut(images, patch, width // 2), mask=cut(tissue, patch, width // 2))
    recipe = call.folder / "recipe.yaml"
    recipe.write_text((HERE / "recipe.yaml").read_text().replace("(128, 128)", f"({width}, {width})"))
    with contextlib.chdir(call.folder):
        return call.generate(recipe.absolute(), "train.zarr", call.size.patches, seed=1, split="train").absolute()


def generated(call: Call[Size]) -> Array:
    """Micrographs by a recipe in which the trained generator is a feature, of tissue that was not trained on."""
    width = call.size.width
    _, tissue = sections(held_out=True)
    np.savez(call.folder / "held_out.npz", mask=cut(tissue, 3 * width // 2, width // 2))
    recipe = call.folder / "recipe_generated.yaml"
    recipe.write_text((HERE / "recipe_generated.yaml").read_text().replace("(128, 128)", f"({width}, {width})"))
    with contextlib.chdir(call.folder):
        return np.asarray(sc.load(recipe.name, trust=True).render(count=6, seed=4)["image"][..., 0])


def judged(measured: Array, pictures: Array, paired: bool = True) -> dict[str, float]:
    """Distance of the textures; mean absolute error where pictures belong to each other."""
    error = {"mae": float(abs(measured - pictures).mean())} if paired else {}
    return {"distance": distance(measured, pictures), **error}


def report(results: dict[str, Any]) -> None:
    """Print the numbers."""
    table = Table("sections never trained on, beside", "distance of textures", "mean absolute error")
    for name, row in results.items():
        table.add_row(name, f"{row['distance']:.1f}", f"{row['mae']:.3f}" if "mae" in row else "")
    console.print(table)


def draw(path: Path, tissue: Array, measured: Array, made: dict[str, Array], invented: Array) -> None:
    """Masks, what was measured, what is made of them; micrographs by a recipe."""
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    panels = figure.subplots(3, 6)
    chosen = np.argsort((tissue == 1).sum(axis=(1, 2)))[-6::2]  # with mitochondria in them
    for row, k in zip(panels, chosen, strict=True):
        columns = {"mask": tissue[k] / 2, "measured": measured[k], **{name: one[k] for name, one in made.items()}}
        for axes, (name, picture) in zip(row, columns.items(), strict=False):
            axes.imshow(picture, cmap="gray", vmin=0 if name == "mask" else -1, vmax=1)
            axes.set_title(name if k == chosen[0] else "", fontsize=10)
    for number, axes in enumerate(panels[:, 4:].ravel()):
        axes.imshow(invented[number], cmap="gray", vmin=-1, vmax=1)
        axes.set_title("generator in a recipe" if number < 2 else "", fontsize=10)
    for axes in panels.ravel():
        axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    command(case, HERE, SIZES)
