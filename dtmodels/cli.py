"""The command line: train, evaluate, predict, export, export-model, info."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dtmodels.configuration import load_configuration
from dtmodels.errors import DtmodelsError
from dtmodels.run import Run, open_run

app = typer.Typer(
    name="dtmodels",
    help="Train, evaluate and apply Keras networks for microscopy, from simulated datasets in zarr.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
INTERRUPTED = 130
TrainingFile = Annotated[Path, typer.Argument(metavar="TRAINING.YAML", help="training file")]
RunDirectory = Annotated[Path, typer.Argument(metavar="RUN", help="run directory")]


@app.command()
def train(
    training: TrainingFile,
    *,
    data: Annotated[str, typer.Option(help="dataset to train on")],
    out: Annotated[Path, typer.Option(help="run directory to write")],
    resume: Annotated[bool, typer.Option("--resume", help="go on after the last whole epoch")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="discard a run that is there")] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="instead of the number in the file")] = None,
) -> None:
    """Train a network as TRAINING.YAML says."""
    from dtmodels.train import train_from  # noqa: PLC0415  (imports Keras)

    configuration = load_configuration(training)
    if epochs is not None:
        fitting = configuration.fit.model_copy(update={"epochs": epochs})
        configuration = configuration.model_copy(update={"fit": fitting})
    run = train_from(configuration, data, out, resume, overwrite)
    best = run.record["best"]
    print(f"{out}: best of {len(run.history)} epochs is {best['epoch']}, validation loss {best['val_loss']:.4g}")


@app.command()
def evaluate(
    run: RunDirectory,
    data: Annotated[str, typer.Option(help="dataset that the network has not seen")],
    versus: Annotated[str, typer.Option(help="properties to plot the error against, as snr,z")] = "",
    bins: Annotated[int, typer.Option(min=1, help="bins of each property")] = 10,
    out: Annotated[Path | None, typer.Option(help="folder for tables and figures")] = None,
) -> None:
    """Errors of a network, and of the radial centre beside it."""
    from dtmodels.evaluate import evaluate as evaluated  # noqa: PLC0415

    names = [name.strip() for name in versus.split(",") if name.strip()]
    print(evaluated(run, data, versus=names, bins=bins, directory=out))


@app.command()
def predict(
    run: RunDirectory,
    source: Annotated[str, typer.Argument(metavar="FRAMES", help="video, TIFF, folder of images, npy, npz or zarr")],
    out: Annotated[Path | None, typer.Option(help="CSV file to write; else the table is printed")] = None,
) -> None:
    """What a network says of every frame, as a table with trackpy's columns."""
    from dtmodels.predict import predict as predicted  # noqa: PLC0415

    table = predicted(run, source)
    if out is None:
        print(table.to_csv(index=False), end="")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(out, index=False)
    print(f"{out}: {len(table)} rows, {', '.join(table.columns)}")


@app.command()
def export(
    training: TrainingFile,
    data: Annotated[str, typer.Option(help="dataset that the script shall open")] = "train.zarr",
) -> None:
    """Print a plain Keras script that trains the same network."""
    from dtmodels.export import script  # noqa: PLC0415  (imports Keras)

    print(script(load_configuration(training), data), end="")


@app.command("export-model")
def export_model(
    run: RunDirectory,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="folder (savedmodel) or file (onnx) to write")],
    format: Annotated[str, typer.Option(help="savedmodel or onnx")] = "savedmodel",
) -> None:
    """Write a network for programs without Keras, and check it by running it."""
    from dtmodels.deployment import export_model as exported  # noqa: PLC0415

    print(f"{exported(open_run(run).model, out, format)}: {format}, the same outputs as with Keras")


@app.command()
def info(run: RunDirectory) -> None:
    """What a run directory holds."""
    print(describe(open_run(run)))


def describe(run: Run) -> str:
    """The facts of a run, one per line."""
    record, history = run.record, run.history
    training = record["training"]
    dataset = training["dataset"]
    count = {part: sum(stop - start for start, stop in training[f"{part}_ranges"]) for part in ("train", "validation")}
    targets, identity = ", ".join(item.name for item in run.fields), str(dataset["identity"])
    lines = {
        "network": f"{record['weights']} weights, {training['inputs']} -> {targets}",
        "trained on": f"{count['train']} examples, validated on {count['validation']}",
        "dataset": f"seed {dataset['seed']}, recipe {dataset['recipe_sha256'][:12]}, identity {identity[:12]}",
        "input": ", ".join(f"{key}: {value}" for key, value in record["input"].items()) or "as it is",
        "epochs": f"{len(history)}, {'finished' if run.finished else 'not finished: dtmodels train --resume'}",
        "versions": ", ".join(f"{name} {version}" for name, version in record["versions"].items()),
    }
    if "best" in record:
        lines["best"] = f"epoch {record['best']['epoch']}, validation loss {record['best']['val_loss']:.4g}"
    return "\n".join(f"{key + ':':12}{value}" for key, value in lines.items())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line: an error is one line on stderr and exit code 1, or 2 for a command not understood."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _one_line
            code = app(arguments, prog_name="dtmodels", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (DtmodelsError, OSError) as error:
        _fail(str(error), 1)
    except Exception as error:
        # A command that is not understood: the class of that exception moved between versions of typer.
        if not hasattr(error, "format_message"):
            raise
        _fail(f"{error.format_message()} See dtmodels --help", 2)
    if code == INTERRUPTED:
        _fail("interrupted; `dtmodels train --resume` goes on after the last whole epoch", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _one_line(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"dtmodels: warning: {' '.join(str(message).split())}", file=sys.stderr)


def _fail(message: str, code: int) -> NoReturn:
    print(f"dtmodels: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
