"""Commands about datasets: generate, finish, info."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from simcore.cli.app import Count, DatasetPath, RecipePath, Seed, Trust, app, load
from simcore.cli.events import chosen_progress, told_as_json
from simcore.cli.sharing import print_comparison, print_view, write_cards

if TYPE_CHECKING:
    from simcore.datasets import Dataset


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
    cluster: Annotated[str | None, typer.Option(help="How workers are submitted to a queue: a file, YAML.")] = None,
    part: Annotated[
        str | None, typer.Option(metavar="K/N", help="One of N tasks of a job array; auto asks the queue.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="train, validation or test.")] = None,
    unit: Annotated[int | None, typer.Option(help="Examples in a unit (the files).")] = None,
    chunk: Annotated[int | None, typer.Option(help="Examples in a chunk (what is read at once).")] = None,
    codec: Annotated[
        str | None, typer.Option(help="none, lz4, zstd, with level and shuffle: zstd:5, lz4:5:byte.")
    ] = None,
    trust: Trust = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    per_worker: Annotated[bool, typer.Option("--per-worker", help="A line of progress for each worker.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object per line.")] = False,
) -> None:
    """Render examples into a dataset."""
    from simcore.run import generate as run_generate  # noqa: PLC0415  (slow to import)

    shown = chosen_progress(quiet, per_worker, as_json)
    with told_as_json(as_json):
        made = run_generate(
            load(recipe, trust),
            dataset,
            count,
            seed,
            workers=workers,
            processes=processes,
            scheduler=scheduler,
            cluster=cluster,
            part=part,
            split=split,
            unit=unit,
            chunk=chunk,
            codec=codec,
            progress=shown,
        )
    if quiet or as_json:
        return
    if made.complete:
        print(_sealed(made))
    elif part:
        from simcore.engines.parts import read_part  # noqa: PLC0415  (slow to import)

        print(
            f"{made.path}: part {read_part(part)} is stored, not sealed; when all parts are: simcore finish {made.path}"
        )


@app.command()
def finish(dataset: DatasetPath) -> None:
    """Check that all parts of a dataset are there, sweep what interrupted runs left, and seal it."""
    from simcore import datasets  # noqa: PLC0415  (slow to import)

    found = datasets.open_dataset(dataset)
    made = datasets.finish(found.storage)
    print(_sealed(made) + (" (was complete before)" if found.complete else ""))


def _sealed(dataset: "Dataset") -> str:
    return f"{dataset.path}: {len(dataset):,} examples, identity {dataset.identity}"


@app.command()
def info(
    dataset: DatasetPath,
    *,
    html: Annotated[Path | None, typer.Option(help="Write its card: one file, pictures inside.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write its card in Markdown, pictures beside it.")] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="DATASET", help="Refuse if they could share an example.")
    ] = None,
) -> None:
    """Say what a dataset holds, from what it was made, and whether it is complete."""
    if html or markdown or compare:
        write_cards(dataset, html, markdown)
        return print_comparison(dataset, compare) if compare else None
    if dataset.endswith(".json"):
        return print_view(dataset)
    return _print_info(dataset)


def _print_info(dataset: str) -> None:
    from simcore.datasets import describe, open_dataset  # noqa: PLC0415  (slow to import)

    facts, arrays = describe(open_dataset(dataset))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    for name, value in facts.items():
        console.print(f"{name:<15} {value}", markup=False)
    table = Table("array", "axes", "shape", "dtype", "units", "stored", box=None, pad_edge=False)
    for row in arrays:
        stored = decimal(row["stored"])
        table.add_row(row["name"], row["axes"], str(row["shape"]), row["dtype"], row["units"], stored)
    console.print(table)
