"""The command line: train, evaluate, predict, export, export-model, info."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from dtmodels.configuration import load_configuration
from dtmodels.errors import ConfigurationError, DtmodelsError
from dtmodels.pretrained import open_pretrained
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


Versus = Annotated[str, typer.Option(help="properties to plot the measures against, as snr,z")]
Bins = Annotated[int, typer.Option(min=1, help="bins of each property")]
Where = Annotated[str | None, typer.Option(help="which examples or particles count, as 'snr >= 6'")]
Data = Annotated[str, typer.Option(help="dataset that the networks have not seen")]
Folder = Annotated[Path | None, typer.Option(help="folder for tables, figures and report.html")]
Page = Annotated[Path | None, typer.Option(help="where to write the report besides")]
Draws = Annotated[int | None, typer.Option(min=2, help="answers with other units dropped each time, for uncertainties")]
Judging = Annotated[
    list[str] | None,
    typer.Option(help="how it is judged, as threshold=0.3, match_radius=2, positions=position; again for more"),
]


@app.command()
def evaluate(
    run: RunDirectory,
    data: Data,
    *,
    versus: Versus = "",
    bins: Bins = 10,
    where: Where = None,
    judging: Judging = None,
    out: Folder = None,
    html: Page = None,
    dropout_draws: Draws = None,
) -> None:
    """Errors of a network, of positions beside the radial centre: numbers, tables, figures, a page."""
    from dtmodels.evaluation import evaluate as evaluated  # noqa: PLC0415

    options: dict[str, Any] = {"judging": _pairs(judging), "bins": bins, "where": where, "directory": out, "html": html}
    options["dropout_draws"] = dropout_draws
    print(evaluated(run, data, _names(versus), **options))


@app.command()
def compare(
    contenders: Annotated[
        list[str],
        typer.Argument(metavar="CONTENDER...", help="runs (RUN,RUN an ensemble), radial_center, gaussian_fit, trackpy"),
    ],
    data: Data,
    *,
    versus: Versus = "",
    bins: Bins = 10,
    where: Where = None,
    judging: Judging = None,
    out: Folder = None,
    html: Page = None,
    dropout_draws: Draws = None,
) -> None:
    """Several networks and classical methods on the same examples."""
    from dtmodels.evaluation import compare as compared  # noqa: PLC0415

    options: dict[str, Any] = {"judging": _pairs(judging), "bins": bins, "where": where, "directory": out, "html": html}
    options["dropout_draws"] = dropout_draws
    named = [_names(one) if "," in one else one for one in contenders]
    print(compared(named, data, _names(versus), **options))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _pairs(texts: list[str] | None) -> dict[str, Any]:
    pairs = {}
    for text in texts or []:
        key, found, value = text.partition("=")
        if not found:
            raise ConfigurationError(f"--judging {text!r}; must be name=value")
        pairs[key.strip()] = tuple(value.split(",")) if "," in value else value.strip()
    return pairs


@app.command()
def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN FRAMES",
            help="run directory; video, TIFF, folder of images, npy, npz or zarr. FRAMES alone with --pretrained",
        ),
    ],
    *,
    pretrained: Annotated[
        str | None, typer.Option(help="a network that comes with dtmodels, by the name of its example")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="file to write: .csv, .parquet, .tif; else a table is printed")
    ] = None,
    output: Annotated[str | None, typer.Option(help="numbers, particles, counts, masks or images")] = None,
    threshold: Annotated[float, typer.Option(help="of particles and masks")] = 0.5,
    method: Annotated[str, typer.Option(help="particles by components or by maxima")] = "components",
    radius: Annotated[float, typer.Option(help="px between two maxima")] = 3.0,
    minimal_area: Annotated[int, typer.Option(help="pixels of a component")] = 1,
    z: Annotated[str | None, typer.Option(help="um between which the planes of a volume lie, as 2,30")] = None,
    link: Annotated[
        float | None, typer.Option(help="px a particle moves between two frames: tracks, by trackpy")
    ] = None,
    memory: Annotated[int, typer.Option(help="frames for which a particle may be lost")] = 0,
    unit: Annotated[
        float | None, typer.Option(help="the camera's counts above a frame's background that are 1 to the network")
    ] = None,
    tile: Annotated[str | None, typer.Option(help="height,width in px of the tiles of large frames")] = None,
    overlap: Annotated[int | None, typer.Option(help="px that neighbouring tiles share")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="images, or tiles, at a time")] = None,
    dropout_draws: Draws = None,
) -> None:
    """What a network says of every frame: a table with trackpy's columns, or images."""
    from dtmodels.prediction import predict_to  # noqa: PLC0415

    needed = ["FRAMES"] if pretrained else ["RUN", "FRAMES"]
    if len(paths) != len(needed):
        raise ConfigurationError(f"predict: {' '.join(paths)}; must be {' '.join(needed)}")
    opened = open_pretrained(pretrained) if pretrained else open_run(paths[0])
    source = paths[-1]
    normalize = None if unit is None else {"unit": unit}
    given = {"normalize": normalize, "tile": _numbers("tile", tile, int), "overlap": overlap}
    prepared = opened.record["input"] | {key: value for key, value in given.items() if value is not None}
    options: dict[str, Any] = {"output": output, "threshold": threshold, "method": method, "radius": radius}
    options |= {"minimal_area": minimal_area, "z": _numbers("z", z, float), "link": link, "memory": memory}
    options |= {"input": prepared, "batch_size": batch_size, "dropout_draws": dropout_draws}
    written = predict_to(out or "-", opened, source, **options, progress=True)
    print(written, file=sys.stderr if out is None else sys.stdout)


def _numbers(name: str, text: str | None, kind: type) -> tuple[Any, ...] | None:
    try:
        return None if text is None else tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise ConfigurationError(f"--{name}: {text!r}; must be numbers with commas between them") from None


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
