"""Commands for finished datasets: merge, subset, splits, about, export-data; cards and comparisons for info."""

from pathlib import Path
from typing import Annotated

import typer

from simcore.cli.app import DatasetPath, RecipePath, Seed, Trust, app, load, whole_number

ViewPath = Annotated[str, typer.Option("--out", metavar="VIEW", help="The view: a path or URL that ends in .json.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an older one.")]
Text = typer.Option(metavar="TEXT", show_default=False)


@app.command()
def merge(
    datasets: Annotated[list[str], typer.Argument(metavar="DATASET...", help="Paths or URLs, of the same arrays.")],
    *,
    out: ViewPath,
    overwrite: Overwrite = False,
) -> None:
    """Make a view: several datasets as one, without copying."""
    from simcore.datasets.combining import merge as run_merge  # noqa: PLC0415  (slow to import)

    view = run_merge(datasets, out, overwrite=overwrite)
    print(f"{view.path}: {len(view):,} examples of {len(view.members)} datasets, identity {view.identity}")


@app.command()
def subset(
    dataset: DatasetPath,
    *,
    where: Annotated[
        str | None, typer.Option(metavar="CONDITION", help="'snr > 5 and z < 1', of stored numbers.")
    ] = None,
    first: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="The first example.")] = None,
    count: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="Number of examples.")] = None,
    out: ViewPath,
    overwrite: Overwrite = False,
) -> None:
    """Make a view: some examples of a dataset, without copying. With --where, --first and --count count what it left."""
    from simcore.datasets.combining import subset as run_subset  # noqa: PLC0415  (as above)
    from simcore.datasets.view_files import save_view  # noqa: PLC0415  (as above)

    if where is None and first is None and count is None:
        raise typer.BadParameter("say which: --where, --first or --count")
    view = run_subset(dataset, where if where is not None else slice(None))
    start = first or 0
    view = save_view(view.cut(start, None if count is None else start + count), out, overwrite=overwrite)
    print(f"{view.path}: {len(view):,} examples, identity {view.identity}")


@app.command()
def splits(
    recipe: RecipePath,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Gets train.zarr, validation.zarr, test.zarr.")],
    *,
    train: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Examples to train on.")],
    validation: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="To watch training by.")] = 0,
    test: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Kept for the end.")] = 0,
    seed: Seed,
    workers: Annotated[int, typer.Option(help="Units rendered at once.")] = 1,
    trust: Trust = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Generate training, validation and test data that cannot share an example: each from seeds of its own."""
    from simcore.splits import generate_splits  # noqa: PLC0415  (as above)

    counts = {"train": train, "validation": validation, "test": test}
    progress = False if quiet else None
    made = generate_splits(load(recipe, trust), folder, **counts, seed=seed, workers=workers, progress=progress)
    for view in () if quiet else made.values():
        dataset = view.members[0].dataset
        print(f"{dataset.path}: {len(view):,} examples, seed {dataset.metadata['seed']}, identity {view.identity}")


@app.command("split-seed")
def print_split_seed(
    seed: Annotated[int, typer.Argument(parser=whole_number, metavar="SEED", help="0 <= seed < 2**126.")],
    split: Annotated[str, typer.Argument(metavar="SPLIT", help="train, validation or test.")],
) -> None:
    """Print the seed of a split, for `generate --seed`: no seed of one split is that of another."""
    from simcore.splits import split_seed  # noqa: PLC0415  (as above)

    print(split_seed(seed, split))


@app.command()
def about(
    dataset: DatasetPath,
    *,
    title: Annotated[str | None, Text] = None,
    licence: Annotated[str | None, Text] = None,
    authors: Annotated[str | None, Text] = None,
    citation: Annotated[str | None, Text] = None,
) -> None:
    """Say what a dataset is called, its licence, its authors, how to cite it; '' takes a text back. Prints what is said."""
    from simcore.datasets.about import FIELDS, set_about  # noqa: PLC0415  (as above)

    told = set_about(dataset, title=title, licence=licence, authors=authors, citation=citation).about
    for field in FIELDS:
        print(f"{field:<15} {told.get(field, '-')}")


@app.command("export-data")
def export_data(
    dataset: DatasetPath,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder; for hdf5 a file.")],
    *,
    format: Annotated[str, typer.Option(help="tiff, ome-tiff, hdf5, numpy or webdataset.")],
    arrays: Annotated[str | None, typer.Option(metavar="A,B,...", help="None: all.")] = None,
    first: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="The first example.")] = 0,
    count: Annotated[int | None, typer.Option(parser=whole_number, metavar="N", help="Number of examples.")] = None,
    per_file: Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Examples in a TIFF or tar.")] = 1000,
    overwrite: Overwrite = False,
) -> None:
    """Write a dataset or view as TIFF, OME-TIFF, HDF5, NumPy files or WebDataset tars."""
    from simcore.exports import export  # noqa: PLC0415  (as above)

    names = [name.strip() for name in arrays.split(",")] if arrays is not None else None
    made = export(dataset, out, format, arrays=names, first=first, count=count, per_file=per_file, overwrite=overwrite)
    print(made)


def write_cards(dataset: str, *paths: Path | None) -> None:
    """Write the cards that were asked for, and say where."""
    from simcore.card import write_card  # noqa: PLC0415  (as above)

    for path in paths:
        if path is not None:
            print(write_card(dataset, path))


def print_comparison(dataset: str, other: str) -> None:
    """Say that two datasets share no example; DatasetError where they could."""
    from simcore.splits import require_disjoint  # noqa: PLC0415  (as above)

    require_disjoint(dataset, other)
    print(f"{dataset} and {other} share no example")


def print_view(path: str) -> None:
    """Say what a view holds, and of which datasets."""
    from simcore.datasets.view_files import open_dataset  # noqa: PLC0415  (as above)

    view = open_dataset(path)
    facts = {"view": view.title, "examples": f"{len(view):,}", "chosen by": view.condition or "-"}
    for name, value in (facts | {"arrays": ", ".join(view.arrays), "identity": view.identity}).items():
        print(f"{name:<15} {value}")
    for member in view.members:
        dataset = member.dataset
        print(f"{len(member):,} of {len(dataset):,} examples of {dataset.path}, seed {dataset.metadata['seed']}")
