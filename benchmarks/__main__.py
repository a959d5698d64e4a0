"""Measure all cases, print the tables, keep the numbers; see README.md beside this file."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import curves, history, measure, mie_rows, tables
from benchmarks.alone import EVERY

WIDTH = 190  # characters of a line where there is no terminal


def main(
    case: Annotated[list[str] | None, typer.Option(help="of all cases only this; may be repeated")] = None,
    rounds: Annotated[int, typer.Option(help="turns that both packages take", min=1)] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="keep the numbers in this file too")] = None,
    peer: Annotated[bool, typer.Option(help="measure the peers in the same run")] = True,
    keep: Annotated[
        bool | None, typer.Option(help="keep the numbers in benchmarks/history; unless said, if all cases are measured")
    ] = None,
) -> None:
    """Images per second on one core and two beside the peers of each case, how far that is from the floor, and why."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    chosen = case or [*EVERY, *mie_rows.ROWS]
    unknown = [name for name in chosen if name not in {**EVERY, **mie_rows.ROWS}]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; known are {', '.join([*EVERY, *mie_rows.ROWS])}")
    started = time.perf_counter()
    cases: dict[str, dict[str, Any]] = {}
    for name in (name for name in chosen if name in EVERY):
        cases[name] = measure.everything(name, rounds, peer)
        print(f"{name}: measured, {time.perf_counter() - started:.0f} s so far", file=sys.stderr, flush=True)
    rows = {name: mie_rows.compare(name, rounds) for name in chosen if name in mie_rows.ROWS and peer}
    for table in tables.all_of(cases, rows):
        console.print(table)
    result: dict[str, Any] = {"rounds": rounds, "seconds": time.perf_counter() - started, "cases": cases, "mie": rows}
    if json_file:
        json_file.write_text(json.dumps(history.rounded(result), indent=1) + "\n", encoding="utf-8")
    if keep or (keep is None and peer and case is None):
        console.print(f"kept in {history.keep(result).relative_to(history.ROOT)}")
        curves.draw(cases, history.CURVES)
        history.draw()


if __name__ == "__main__":
    typer.run(main)
