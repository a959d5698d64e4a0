"""Print the tables of the benchmark; see README.md beside this file."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.workers import PEER

CASES = {"a": "Case A, 28 x 28", "b": "Case B, ten wavelengths, 51 x 51"}
OURS_PER_ROUND, THEIRS_PER_ROUND = {"a": 4000, "b": 1000}, {"a": 200, "b": 8}


def main(
    rounds: Annotated[int, typer.Option(help="turns that both packages take", min=1)] = 9,
    seconds: Annotated[float, typer.Option(help="time spent on the stages", min=0.1)] = 5.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="keep the numbers in this file")] = None,
    peer: Annotated[bool, typer.Option(help="measure DeepTrack in the same run")] = True,
) -> None:
    """Images per second on one core, in cases A and B, and where the time goes in case B."""
    console = Console()
    result: dict[str, Any] = {"stages": measure.stages(seconds), "floor": measure.floor()}
    if peer:
        for case, title in CASES.items():
            counts = {"simcore": OURS_PER_ROUND[case], "deeptrack": THEIRS_PER_ROUND[case]}
            numbers = {"package": PEER} | measure.against_the_peer(rounds, counts, case)
            result["peer" if case == "b" else f"peer_{case}"] = numbers
            console.print(peer_table(numbers, title))
    console.print(stage_table(result["stages"]))
    console.print(floor_table(result["floor"]))
    if json_file:
        json_file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def peer_table(numbers: dict[str, Any], title: str = CASES["b"]) -> Table:
    table = Table("package", "ms per image", "images per second", title=f"{title}, one core")
    for name in ("simcore", "deeptrack"):
        rate = numbers["images_per_second"][name]
        table.add_row(numbers["package"] if name == "deeptrack" else name, f"{1e3 / rate:.3f}", f"{rate:,.1f}")
    spread = (
        f"{numbers['ratio']:.0f} times as many (least of {numbers['rounds']} rounds: {numbers['smallest_ratio']:.0f})"
    )
    table.caption = spread
    return table


def stage_table(numbers: dict[str, Any]) -> Table:
    table = Table("stage", "us per image", "share", title="Where the time goes")
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
