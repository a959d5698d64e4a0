"""What was measured, as tables: one row for each case, and what stands behind some of its columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.history import asked
from benchmarks.stages import GROUPS

Cases = dict[str, dict[str, Any]]
WITHIN = 2.0  # times the floor that a case may take
SHORT = {"operations": "oper.", "compress": "compr."}


def number(value: float | None, pattern: str = "{:,.0f}") -> str:
    return "" if value is None else pattern.format(value)


def summary(cases: Cases) -> Table:
    """One row for each case, at the peer's error where there is a peer; time in us for each image."""
    groups = [SHORT.get(name, name) for name in GROUPS]
    columns = ("case", "images/s", "on two", "peer", "ratio", "least", "target", "floor", "over", *groups, "MiB")
    table = Table(*columns, title="Every case: one core, two cores, the peer, the floor (us), shares of the stages (%)")
    for row in cases.values():
        found, two = asked(row), row["two_cores"]
        table.add_row(
            row["title"],
            number(found["images_per_second"]),
            number(two["two_cores"]),
            number(row.get("peer_images_per_second"), "{:,.1f}"),
            number(found.get("ratio"), "{:.1f}"),
            number(found.get("smallest_ratio"), "{:.1f}"),
            number(found["target"], "{:g}"),
            number(found["floor"]["floor"], "{:,.1f}"),
            f"{found['over']:.2f}",
            *(f"{100 * found['stages'][name]:.0f}" for name in GROUPS),
            number(two["memory_mib"]),
        )
    over = [asked(row)["over"] for row in cases.values()]
    within = sum(value <= WITHIN for value in over)
    mean = float(np.exp(np.mean(np.log(over))))
    table.caption = f"over the floor: geometric mean {mean:.2f}; within {WITHIN:g} times: {within} of {len(over)}"
    return table


def compared(cases: Cases) -> Table:
    """Both tolerances of each case that has a peer, with errors."""
    table = Table("case", "tolerance", "error", "images/s", "peer", "its error", "its images/s", "ratio", "least", "target",
                  title="One core, taking turns with the peer")  # fmt: skip
    for row in cases.values():
        if "peer" not in row:
            continue
        peer = [row["peer"], number(row["peer_error"], "{:.2g}"), number(row["peer_images_per_second"], "{:,.1f}")]
        for i, found in enumerate(row["at"].values()):
            table.add_row(
                row["title"] if i == 0 else "",
                f"{found['tolerance']:.2g}",
                number(found["error"], "{:.2g}"),
                number(found["images_per_second"]),
                *(peer if i == 0 else [""] * 3),
                f"{found['ratio']:.1f}",
                f"{found['smallest_ratio']:.1f}",
                number(found["target"], "{:g}"),
            )
    return table


def alone(cases: Cases) -> Table:
    table = Table("case", "tolerance", "ms per image", "longest", "longest allowed", "largest error", "error allowed",
                  title="Without a peer")  # fmt: skip
    for row in cases.values():
        found = row["at"]["default"]
        if "largest" not in found:
            continue
        errors = ["", ""] if found["error"] is None else [f"{found['error']:.1e}", f"{found['error_limit']:.0e}"]
        table.add_row(
            row["title"],
            f"{found['tolerance']:.2g}",
            f"{found['milliseconds']:.1f}",
            f"{found['largest']:.1f}",
            number(found["limit"], "{:g}"),
            *errors,
        )
    return table


def floors(cases: Cases) -> Table:
    """The parts of the floor at each tolerance, us for each image."""
    table = Table("case", "tolerance", "whole", "floor", "over", "transforms", "arithmetic", "random numbers", "drawn by",
                  "writing", title="The floor of each case, us per image")  # fmt: skip
    for row in cases.values():
        for i, found in enumerate(row["at"].values()):
            floor = found["floor"]
            table.add_row(
                row["title"] if i == 0 else "",
                f"{found['tolerance']:.2g}",
                number(floor["whole"], "{:,.1f}"),
                number(floor["floor"], "{:,.1f}"),
                f"{found['over']:.2f}",
                *(number(floor.get(part), "{:,.1f}") for part in ("transforms", "arithmetic", "random numbers")),
                ", ".join(f"{need['kind']}: {need['by']}" for need in floor["numbers"][:1]),
                number(floor["writing"], "{:,.1f}"),
            )
    return table


def two_cores(cases: Cases) -> Table:
    table = Table("case", "one core", "two cores", "gain", "control's", "of it", "generate, 1 worker", "2 workers",
                  title="By the clock: images/s, what a second core gains, generate over rendering alone")  # fmt: skip
    for row in cases.values():
        two = row["two_cores"]
        table.add_row(
            row["title"],
            number(two["one_core"]),
            number(two["two_cores"]),
            f"{two['gain']:.2f}",
            f"{two['control']:.2f}",
            f"{two['of_control']:.2f}",
            f"{two['generate']:.0%}",
            f"{two['generate_two']:.0%}",
        )
    return table


def mie(rows: Cases) -> Table:
    table = Table("what", "us", "peer", "its us", "ratio", "least", "target", "largest difference",
                  title="Mie's solution on one core, taking turns")  # fmt: skip
    for row in rows.values():
        table.add_row(
            row["title"],
            number(row["microseconds"], "{:,.1f}"),
            row["peer"],
            number(row["peer_microseconds"], "{:,.1f}"),
            f"{row['ratio']:.1f}",
            f"{row['smallest_ratio']:.1f}",
            f"{row['target']:g}",
            f"{row['difference']:.1e}",
        )
    return table


def all_of(cases: Cases, mie_rows: Cases) -> Iterable[Table]:
    """Yield the tables that have rows."""
    tables = [make(cases) for make in (compared, alone, floors, two_cores)]
    yield from (table for table in (*tables, mie(mie_rows), summary(cases)) if table.row_count)
