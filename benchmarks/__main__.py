"""Print the tables of the benchmark; see README.md beside this file."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import CASES


def main(
    case: Annotated[list[str] | None, typer.Option(help="of all cases only this; may be repeated")] = None,
    rounds: Annotated[int, typer.Option(help="turns that both packages take", min=1)] = 9,
    seconds: Annotated[float, typer.Option(help="time spent on the stages", min=0.1)] = 5.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="keep the numbers in this file")] = None,
    peer: Annotated[bool, typer.Option(help="measure the peers in the same run")] = True,
) -> None:
    """Images per second on one core beside the peers of each case, and where the time goes in case B."""
    console = Console()
    chosen = case or [*CASES, *measure.ALONE]
    compared = {name: measure.against_the_peer(name, rounds) for name in chosen if name in CASES and peer}
    alone = {name: measure.alone(name, rounds) for name in chosen if name in measure.ALONE}
    result: dict[str, Any] = {"compared": compared, "alone": alone}
    if compared:
        console.print(compared_table(compared))
    if alone:
        console.print(alone_table(alone))
    if "b" in chosen:
        result |= {"stages": measure.stages(seconds), "floor": measure.floor()}
        console.print(stage_table(result["stages"]))
        console.print(floor_table(result["floor"]))
    if json_file:
        json_file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def compared_table(numbers: dict[str, dict[str, Any]]) -> Table:
    table = Table("case", "tolerance", "error", "images/s", "peer", "its error", "its images/s", "ratio", "least", "target",
                  title="One core, taking turns")  # fmt: skip
    for row in numbers.values():
        error = "" if row["peer_error"] is None else f"{row['peer_error']:.2g}"
        for i, (kind, found) in enumerate(row["at"].items()):
            named = [row["peer"], error, f"{row['peer_images_per_second']:,.1f}"] if i == 0 else [""] * 3
            table.add_row(
                row["title"] if i == 0 else "",
                f"{row['tolerance'][kind]:.2g}",
                f"{row['error'][kind]:.2g}" if kind in row["error"] else "",
                f"{found['images_per_second']:,.0f}",
                *named,
                f"{found['ratio']:.1f}",
                f"{found['smallest_ratio']:.1f}",
                _asked(row["target"], kind, row["at"]),
            )
    return table


def _asked(target: float | None, kind: str, at: dict[str, Any]) -> str:
    """Return the ratio that is asked for, beside the tolerance at which it is."""
    return "" if target is None or (kind == "default" and len(at) > 1) else f"{target:g}"


def alone_table(numbers: dict[str, dict[str, Any]]) -> Table:
    table = Table("case", "tolerance", "ms per image", "longest", "longest allowed", "largest error", "error allowed",
                  title="Without a peer")  # fmt: skip
    for row in numbers.values():
        limit = "" if row["limit"] is None else f"{row['limit']:g}"
        errors = ["", ""] if row["error"] is None else [f"{row['error']:.1e}", f"{row['error_limit']:.0e}"]
        table.add_row(
            row["title"],
            f"{row['tolerance']:.2g}",
            f"{row['milliseconds']:.1f}",
            f"{row['largest']:.1f}",
            limit,
            *errors,
        )
    return table


def stage_table(numbers: dict[str, Any]) -> Table:
    table = Table("stage", "us per image", "share", title="Where the time goes in case B")
    for row in [*numbers["rows"], {"stage": "all", "microseconds": numbers["microseconds"], "share": 1.0}]:
        table.add_row(row["stage"], f"{row['microseconds']:.1f}", f"{row['share']:.1%}")
    return table


def floor_table(numbers: dict[str, float]) -> Table:
    table = Table("floor", "us per image", "whole / floor", title="How far from what cannot be avoided")
    random, transforms, whole = numbers["random numbers"], numbers["transforms"], numbers["whole"]
    size = f"{measure.WAVELENGTHS} transforms of {measure.PADDED} x {measure.PADDED}"
    for name, value in (
        ("Poisson numbers (NumPy, Philox)", random),
        (f"{size} (scipy.fft; not needed here)", transforms),
        ("both", random + transforms),
    ):
        table.add_row(name, f"{value:.1f}", f"{whole / value:.2f}")
    table.caption = f"whole: {whole:.1f} us per image"
    return table


if __name__ == "__main__":
    typer.run(main)
