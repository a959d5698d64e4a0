"""Commands that keep datasets for years: verify, repair, extend."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from simcore.cli.app import DatasetPath, Trust, app, load, whole_number

if TYPE_CHECKING:
    from simcore.keeping import Verification

BAD = 1
Workers = Annotated[int, typer.Option(help="Units at once.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Number = Annotated[int | None, typer.Option(parser=whole_number, metavar="N")]


@app.command()
def verify(
    dataset: DatasetPath,
    *,
    fraction: Annotated[float, typer.Option(help="Of the examples: rendered again and compared.")] = 0.0,
    workers: Workers = 1,
    trust: Trust = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quiet: Quiet = False,
) -> None:
    """Check every object of a dataset, render some examples again; exit code 1 when anything is bad."""
    from simcore.keeping import verify as verify_dataset  # noqa: PLC0415  (slow to import)

    progress = False if quiet or as_json else None
    found = verify_dataset(dataset, fraction, workers=workers, trust=trust, progress=progress)
    if as_json:
        print(json.dumps({"good": found.good, **attrs.asdict(found)}, indent=2))
    elif not quiet or not found.good:
        _print_verification(found)
    if not found.good:
        raise typer.Exit(BAD)


def _print_verification(found: "Verification") -> None:
    for line in (*found.faults, *(f"note: {note}" for note in found.notes)):
        print(line)
    state = f"{len(found.faults):,} objects are bad" if found.faults else "all checksums fit"
    compared = f", {found.compared:,} rendered again" if found.compared else ""
    print(f"{found.path}: {found.examples:,} examples{compared}; {state}{'' if found.complete else '; not complete'}")


@app.command()
def repair(
    dataset: DatasetPath,
    *,
    recipe: Annotated[Path | None, typer.Option(help="Only when the dataset's zarr.json is lost, with --seed.")] = None,
    count: Number = None,
    seed: Number = None,
    split: Annotated[str | None, typer.Option(help="As it was generated.")] = None,
    unit: Annotated[int | None, typer.Option(help="As it was generated.")] = None,
    chunk: Annotated[int | None, typer.Option(help="As it was generated.")] = None,
    codec: Annotated[str | None, typer.Option(help="As it was generated.")] = None,
    workers: Workers = 1,
    trust: Trust = False,
    quiet: Quiet = False,
) -> None:
    """Render again what is damaged; exit code 1 when anything could not be mended."""
    from simcore.keeping import repair as repair_dataset  # noqa: PLC0415  (slow to import)

    made = repair_dataset(
        dataset,
        load(recipe, trust) if recipe else None,
        count,
        seed,
        split=split,
        unit=unit,
        chunk=chunk,
        codec=codec,
        workers=workers,
        trust=trust,
        progress=False if quiet else None,
    )
    for fault in () if quiet else made.faults:
        print(f"found: {fault}")
    for fault in made.left:
        print(f"left: {fault}")
    state = "nothing was wrong" if not made.faults else f"{len(made.faults):,} faults found, {len(made.left):,} left"
    missing = f"; {made.missing:,} units were never made: generate it" if made.missing else ""
    if not quiet:
        print(f"{made.dataset.path}: {state}{missing}")
    if not made.good:
        raise typer.Exit(BAD)


@app.command()
def extend(
    dataset: DatasetPath,
    *,
    count: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Number of examples it shall have.")],
    workers: Workers = 1,
    processes: Annotated[bool, typer.Option("--processes/--threads", help="What the workers are.")] = False,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler, tcp://host:port.")] = None,
    trust: Trust = False,
    quiet: Quiet = False,
) -> None:
    """Make a dataset longer; the examples that it has stay as they are."""
    from simcore.keeping import extend as extend_dataset  # noqa: PLC0415  (slow to import)

    options: dict[str, Any] = {"workers": workers, "processes": processes, "scheduler": scheduler, "trust": trust}
    made = extend_dataset(dataset, count, **options, progress=False if quiet else None)
    if not quiet:
        print(f"{made.path}: {len(made):,} examples, identity {made.identity}")
