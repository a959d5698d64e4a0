"""Take a trained network into dtmodels, for ``dtmodels predict --pretrained``: what was trained, on what, and how well.

python examples/keep_weights.py quantum_dots examples/quantum_dots/runs/default/run
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

import dtmodels as dm

KEPT = Path(__file__).parents[1] / "dtmodels" / "pretrained"
FILES = ("model.keras", "run.json", "history.csv", "training.yaml")
MOST = 5 * 10**6  # bytes, so that the repository stays small


def in_single_precision(model: Any) -> Any:
    """The same network, whatever it was trained in: half precision is slow where processors have none."""
    import keras

    text = model.to_json()
    for policy in ("mixed_bfloat16", "mixed_float16"):
        text = text.replace(f'"{policy}"', '"float32"')
    exact = keras.models.model_from_json(text)
    exact.set_weights(model.get_weights())
    return exact


def main(
    example: Annotated[str, typer.Argument(help="folder in examples/")],
    run: Annotated[Path, typer.Argument(help="run directory")],
    training: Annotated[
        Path | None, typer.Option(help="training file whose `input` has changed since: weights do not depend on it")
    ] = None,
) -> None:
    """Copy a finished run, without checkpoints and logs."""
    if not (KEPT.parents[1] / "examples" / example / "recipe.yaml").exists():
        raise typer.BadParameter(f"{example}: no folder of that name in examples/ holds a recipe")
    if not dm.open_run(run).finished:
        raise typer.BadParameter(f"{run}: the training is not finished")
    size = (run / "model.keras").stat().st_size
    if size >= MOST:
        raise typer.BadParameter(f"{run}: the network has {size / 1e6:.1f} MB; at most {MOST / 1e6:.0f} are kept")
    (KEPT / example).mkdir(exist_ok=True)
    for name in FILES[1:]:
        shutil.copyfile(run / name, KEPT / example / name)
    in_single_precision(dm.open_run(run).model).save(KEPT / example / FILES[0])
    if training is not None:
        record = json.loads((run / "run.json").read_text())
        section = dm.load_configuration(training).input
        record["input"] = section.model_dump(exclude_none=True) if section else record["input"]
        shutil.copyfile(training, KEPT / example / "training.yaml")
        (KEPT / example / "run.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    print(f"{KEPT / example}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
