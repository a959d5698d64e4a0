"""Runs and classical methods side by side: on the same measured frames, and on a dataset whose truth is known."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from nicegui import ui

from studio.applying import results
from studio.errors import StudioError
from studio.pages import parts
from studio.pages.job_list import JobList
from studio.running import orders
from studio.running.places import RESULTS
from studio.state import Studio
from studio.training import data, runs

RIVALS = ("radial_center", "gaussian_fit", "trackpy")
COMPARED = f"{RESULTS}/compared"


class Comparison:
    """Numbers of all results on measured frames; comparisons that dtmodels made."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.project: Path = studio.project.folder
        self._seen: Any = None
        ui.label("On measured frames").classes("work-soft q-mt-xs")
        self.measured = ui.element("div").classes("w-full q-mb-md")
        ui.label("On a dataset, where the truth is known").classes("work-soft")
        with ui.element("div").classes("work-buttons q-mt-xs"):
            self.contenders = ui.select([], label="Runs and methods", multiple=True).props(
                "dense outlined use-chips options-dense"
            )
            self.contenders.style("min-width: 260px; flex: 1")
            self.data = ui.select([], label="Dataset").props("dense outlined").style("min-width: 170px")
            ui.button("Compare", icon="balance", on_click=self._compare).props("outline no-caps")
        self.message = parts.Message()
        JobList(studio, ("compare",), self.update, quiet=True)
        self.box = ui.element("div").classes("w-full q-mt-sm")
        self.update()
        ui.timer(2.0, self.update)

    def update(self) -> None:
        """Look for new runs, results and comparisons."""
        names = [*(one.path for one in runs.runs(self.project) if one.usable), *RIVALS]
        if names != self.contenders.options:
            kept = [name for name in self.contenders.value or [] if name in names]
            self.contenders.set_options(names, value=kept or [*names[:1], "radial_center"])
        datasets = self.studio.project.datasets()
        if datasets != self.data.options:
            chosen = next((name for name in datasets if "test" in name), datasets[0] if datasets else None)
            self.data.set_options(datasets, value=self.data.value if self.data.value in datasets else chosen)
        found = self._found()
        seen = [(path, path.stat().st_mtime_ns) for path in found if path.exists()]
        if seen != self._seen:
            self._seen = seen
            self._show(
                [path for path in found if path.name != "numbers.json"], [p for p in found if p.name == "numbers.json"]
            )

    def _found(self) -> list[Path]:
        tables = [path for path in sorted((self.project / RESULTS).glob("*/*.csv")) if not path.name.startswith(".")]
        return [p for p in tables if p.parent.name != "compared"] + sorted(
            (self.project / COMPARED).glob("*/numbers.json")
        )

    def _show(self, tables: list[Path], compared: list[Path]) -> None:
        self.measured.clear()
        with self.measured:
            self._measured_table(tables)
        self.box.clear()
        with self.box:
            for path in compared:
                self._compared(path)

    def _measured_table(self, paths: list[Path]) -> None:
        rows: list[tuple[str, str, dict[str, str]]] = []
        for path in paths:
            try:
                rows.append((path.parent.name, path.stem, results.result(path).numbers() | self._beside(path)))
            except StudioError as error:
                rows.append((path.parent.name, path.stem, {"": str(error)}))
        if not rows:
            parts.nothing("Nothing was applied to measured frames yet.")
            return
        columns = list(dict.fromkeys(name for _, _, numbers in rows for name in numbers))
        cells = [(frames, name, *(numbers.get(column, "") for column in columns)) for frames, name, numbers in rows]
        parts.table(("frames of", "found by", *columns), cells, "results on measured frames")

    def _beside(self, path: Path) -> dict[str, str]:
        rival = path.with_name("radial_center.csv")
        if path == rival or not rival.exists():
            return {}
        apart = results.differences(results.result(path), results.result(rival))
        return {
            f"from radial centre: {name}": value for name, value in apart.items() if name.startswith("mean distance")
        }

    def _compare(self) -> None:
        self.message.show(None)
        try:
            if not self.data.value:
                raise StudioError("compare: there is no dataset to compare on")
            versus = data.read(self.studio.project.inside(self.data.value)).properties
            order = orders.compare(list(self.contenders.value or []), self.data.value, versus)
            (self.project / order.target).parent.mkdir(parents=True, exist_ok=True)
            self.studio.jobs.add(order)
        except StudioError as error:
            self.message.show(str(error))
        except OSError as error:
            self.message.show(f"results: {error.strerror or error}")

    def _compared(self, path: Path) -> None:
        try:
            numbers = json.loads(path.read_text(encoding="utf-8"))
            names, measures = [str(one) for one in numbers["contenders"]], [str(one) for one in numbers["measures"]]
            rows = [(name, *(_banded(numbers[name], measure) for measure in measures)) for name in names]
            title = f"{numbers['examples']:,} examples of {numbers['dataset']}, {numbers['task']} ({numbers.get('unit') or '-'})"
        except (OSError, ValueError, KeyError, TypeError) as error:
            parts.Message().show(f"{path.parent.name}: the comparison cannot be read: {error}")
            return
        with ui.element("div").classes("q-mt-sm w-full"):
            ui.label(title).classes("work-faint")
            parts.table(("", *(measure.replace("_", " ") for measure in measures)), rows, title)
            figures = [p for p in sorted(path.parent.glob("*.png")) if p.stem.startswith("error_versus")] or sorted(
                path.parent.glob("*.png")
            )
            with ui.element("div").classes("work-buttons q-mt-xs"):
                report = path.parent / "report.html"
                if report.is_file():
                    ui.button("Report", icon="article", on_click=lambda: parts.download(report)).props(
                        "flat dense no-caps"
                    )
                for figure in figures[:3]:
                    ui.button(figure.stem.replace("_", " "), on_click=lambda _, figure=figure: _enlarge(figure)).props(
                        "flat dense no-caps"
                    )


def _banded(numbers: dict[str, Any], measure: str) -> str:
    value, low, high = (numbers.get(key) for key in (measure, f"{measure}_low", f"{measure}_high"))
    if value is None:
        return "-"
    return f"{value:.4g}" + (f" [{low:.4g}, {high:.4g}]" if low is not None and high is not None else "")


def _enlarge(path: Path) -> None:
    import base64  # noqa: PLC0415

    with ui.dialog(value=True) as dialog, ui.card().style("max-width: 94vw; background: white"):
        data = base64.b64encode(path.read_bytes()).decode()
        ui.html(
            f'<img src="data:image/png;base64,{data}" alt="{html.escape(path.stem)}" style="max-width: 100%; max-height: 74vh">',
            sanitize=False,
        )
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
