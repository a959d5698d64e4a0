"""The command that says what a dataset will take: plan."""

import json
from typing import TYPE_CHECKING, Annotated

import attrs
import typer
from rich.filesize import decimal

from simcore.cli.app import Count, RecipePath, Seed, Trust, app, load

if TYPE_CHECKING:
    from simcore.planning import Forecast


@app.command()
def plan(
    recipe: RecipePath,
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="Where it will lie: a path or URL.")
    ] = None,
    *,
    count: Count,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option(help="Units rendered at once.")] = 1,
    processes: Annotated[bool, typer.Option("--processes/--threads", help="What the workers are.")] = False,
    split: Annotated[str | None, typer.Option(help="train, validation or test.")] = None,
    unit: Annotated[int | None, typer.Option(help="Examples in a unit (the files).")] = None,
    chunk: Annotated[int | None, typer.Option(help="Examples in a chunk (what is read at once).")] = None,
    codec: Annotated[str | None, typer.Option(help="As for generate.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    trust: Trust = False,
) -> None:
    """Say what a dataset will take: bytes, files, time and memory, from a trial of some seconds."""
    found = load(recipe, trust).plan(
        count,
        dataset,
        seed=seed,
        workers=workers,
        processes=processes,
        split=split,
        unit=unit,
        chunk=chunk,
        codec=codec,
    )
    if as_json:
        print(json.dumps({**attrs.asdict(found), "fits": found.fits}))
    else:
        _show(found)


def _show(found: "Forecast") -> None:
    lines = _lines(found)
    for name, text in lines.items():
        print(f"{name:<15} {text}")
    if found.fits is False:
        print(f"warning         it does not fit: {decimal(found.bytes)} needed, {decimal(found.free or 0)} free")


def _lines(found: "Forecast") -> dict[str, str]:
    from simcore.engines.progress import duration  # noqa: PLC0415  (slow to import)

    shares = ", ".join(f"{name} {decimal(size)}" for name, size in found.arrays.items())
    rate = f"{found.examples_per_second:,.0f} examples/s with {found.workers} worker{'s' * (found.workers > 1)}"
    lines = {
        "examples": f"{found.count:,} in {found.units:,} units of {found.unit:,}, {found.files:,} files",
        "size": f"{decimal(found.bytes)}: {shares}",
        "uncompressed": f"{decimal(found.bytes_uncompressed)}, codec {found.codec}",
        "time": f"{duration(found.seconds)}: {rate}",
        "memory": f"{decimal(found.memory_worker)} for one worker, {decimal(found.memory)} in all",
    }
    if found.tolerance is not None:
        own = found.tolerance
        costs = [f"{own * factor:.0e} renders {times:.2g} x as fast" for factor, times in found.speed_at.items()]
        lines["tolerance"] = "; ".join([f"{own:.0e}", *costs])
    if found.free is not None:
        lines["free there"] = decimal(found.free)
    return {**lines, "trial": f"{found.trial:,} examples"}
