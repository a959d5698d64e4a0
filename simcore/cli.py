"""The command line: ``simcore generate recipe.yaml train.zarr --count 1e6 --seed 1``. Errors are one line."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from simcore.errors import SimcoreError

if TYPE_CHECKING:
    from simcore.recipe import Recipe

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
STAYS = "interrupted; what is stored stays"

app = typer.Typer(
    help="Describe a microscope experiment, look at it, generate training sets from it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; never a traceback, unless ``SIMCORE_TRACEBACK`` is set."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line with these arguments.

    Returns:
        0, 1 (it failed), 2 (it was called wrongly) or 130 (interrupted).

    """
    try:
        status = app(arguments, prog_name="simcore", standalone_mode=False) or 0
        return _fail(STAYS, status) if status == INTERRUPTED else status
    except (KeyboardInterrupt, typer.Abort):
        return _fail(STAYS, INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has had enough
        return FAILED
    except Exception as error:
        if os.environ.get("SIMCORE_TRACEBACK"):
            raise
        return _fail(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    if hasattr(error, "format_message"):  # of the parser of the command line
        return f"{error.format_message()} (see simcore --help)", MISUSED
    if isinstance(error, SimcoreError):
        text = str(error)
    elif isinstance(error, yaml.YAMLError):
        text = f"not YAML: {error}"
    elif isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
    elif isinstance(error, UnicodeDecodeError):
        text = f"not a text file: {error}"
    else:
        text = f"{type(error).__name__}: {error} (SIMCORE_TRACEBACK=1 shows where)"
    return text, FAILED


def _fail(message: str, status: int) -> int:
    print(f"simcore: {' '.join(message.split())}", file=sys.stderr)
    return status


def whole_number(text: str) -> int:
    """A whole number, also as ``1e6`` or ``10_000``."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not number.is_integer() or abs(number) >= 2**53:  # beyond, a float no longer says which number is meant
        raise typer.BadParameter(f"{text!r} is not a whole number")
    return int(number)


RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe (YAML).")]
Count = Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Number of examples; 1e6 is fine.")]
Seed = Annotated[int, typer.Option(parser=whole_number, metavar="N", help="0 <= seed < 2**128.")]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code that the recipe holds.")]


@app.command()
def preview(
    recipe: RecipePath,
    count: Count = 16,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option(help="The picture: .png, .pdf, .svg.")] = Path("preview.png"),
    trust: Trust = False,
) -> None:
    """Draw a few examples."""
    from simcore.preview import FORMATS  # noqa: PLC0415  (slow to import)

    if out.suffix[1:].lower() not in FORMATS:
        raise typer.BadParameter(f"--out {out}: the ending must be one of {', '.join(FORMATS)}")
    _load(recipe, trust).preview(count=count, seed=seed).savefig(out, dpi=150)
    print(out)


@app.command()
def generate(
    recipe: RecipePath,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A path or URL; goes on where it stopped.")],
    *,
    count: Count,
    seed: Seed,
    workers: Annotated[int, typer.Option(help="Units rendered at once.")] = 1,
    processes: Annotated[bool, typer.Option("--processes/--threads", help="What the workers are.")] = False,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler, tcp://host:port.")] = None,
    split: Annotated[str | None, typer.Option(help="train, validation or test.")] = None,
    unit: Annotated[int | None, typer.Option(help="Examples in a unit (the files).")] = None,
    chunk: Annotated[int | None, typer.Option(help="Examples in a chunk (what is read at once).")] = None,
    codec: Annotated[str | None, typer.Option(help="lz4, zstd or none.")] = None,
    trust: Trust = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Render examples into a dataset."""
    from simcore.run import generate as run_generate  # noqa: PLC0415  (slow to import)

    made = run_generate(
        _load(recipe, trust),
        dataset,
        count,
        seed,
        workers=workers,
        processes=processes,
        scheduler=scheduler,
        split=split,
        unit=unit,
        chunk=chunk,
        codec=codec,
        progress=False if quiet else None,
    )
    if not quiet:
        print(f"{made.path}: {len(made):,} examples, identity {made.identity}")


@app.command()
def info(dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A path or URL.")]) -> None:
    """Say what a dataset holds, from what it was made, and whether it is complete."""
    from simcore.dataset import describe, open_dataset  # noqa: PLC0415  (slow to import)

    facts, arrays = describe(open_dataset(dataset))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    for name, value in facts.items():
        console.print(f"{name:<15} {value}", markup=False)
    table = Table("array", "axes", "shape", "dtype", "units", "stored", box=None, pad_edge=False)
    for row in arrays:
        stored = decimal(row["stored"])
        table.add_row(row["name"], row["axes"], str(row["shape"]), row["dtype"], row["units"], stored)
    console.print(table)


@app.command()
def export(recipe: RecipePath, trust: Trust = False) -> None:
    """Print Python source that rebuilds the recipe."""
    print(_load(recipe, trust).to_python(), end="")


@app.command()
def bench(
    recipe: Annotated[Path | None, typer.Argument(metavar="[RECIPE]", help="None: the paper's case B.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    trust: Trust = False,
) -> None:
    """Measure images per second on one core, and the share of each stage; under a minute."""
    import simcore  # noqa: PLC0415
    from simcore import bench as benching  # noqa: PLC0415  (slow to import)

    chosen = _load(recipe, trust) if recipe else simcore.loads(benching.CASE_B)
    result = benching.bench(chosen)
    if as_json:
        print(json.dumps(result, indent=2))
        return
    _print_bench(result)


@app.command()
def catalogue(
    out: Annotated[
        Path, typer.Option(help="The page; its pictures go into the folder beside it of the same name.")
    ] = Path("docs/catalogue.md"),
) -> None:
    """Write the catalogue: all features with their parameters and a picture."""
    from simcore.gallery import write_catalogue  # noqa: PLC0415  (slow to import)

    made = write_catalogue(out)
    print(f"{out}: {len(made) - 1} pictures, {decimal(sum(path.stat().st_size for path in made))}")


def _print_bench(result: dict[str, Any]) -> None:
    console = Console(highlight=False)
    machine = result["machine"]
    console.print(f"{machine['processor']}, one core, {result['examples']:,} examples in blocks of {result['block']}")
    console.print(
        f"{result['images_per_second']:,.0f} images/s rendered, {result['stored_per_second']:,.0f} images/s stored"
    )
    table = Table("stage", box=None, pad_edge=False)
    table.add_column("us/image", justify="right")
    table.add_column("share", justify="right")
    for row in result["stages"]:
        table.add_row(row["stage"], f"{row['microseconds']:,.1f}", f"{row['share']:.1%}")
    console.print(table)


def _load(path: Path, trust: bool) -> "Recipe":
    import simcore  # noqa: PLC0415  (so that --help does not wait for it)

    return simcore.load(path, trust=trust)


if __name__ == "__main__":
    main()
