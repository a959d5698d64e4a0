"""Commands about recipes: preview, export, bench, catalogue."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from simcore.cli.app import Count, RecipePath, Seed, Trust, app, load


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
    load(recipe, trust).preview(count=count, seed=seed).savefig(out, dpi=150)
    print(out)


@app.command()
def export(recipe: RecipePath, trust: Trust = False) -> None:
    """Print Python source that rebuilds the recipe."""
    print(load(recipe, trust).to_python(), end="")


@app.command()
def bench(
    recipe: Annotated[Path | None, typer.Argument(metavar="[RECIPE]", help="None: the paper's case B.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    trust: Trust = False,
) -> None:
    """Measure images per second on one core, and the share of each stage; under a minute."""
    import simcore  # noqa: PLC0415
    from simcore import bench as benching  # noqa: PLC0415  (slow to import)

    chosen = load(recipe, trust) if recipe else simcore.loads(benching.CASE_B)
    result = benching.bench(chosen)
    if as_json:
        print(json.dumps(result, indent=2))
        return
    _print_bench(result)


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
