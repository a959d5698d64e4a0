"""What the machine has to bear: processors, memory, disk, and the share of the running jobs."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable

import psutil
from nicegui import ui

from studio.browsing import charts
from studio.running.progress import size
from studio.state import Studio

KEPT = 120  # points of the curves, one a second


class Load:
    """Numbers now, curves of the last two minutes."""

    def __init__(self, studio: Studio, visible: Callable[[], bool]) -> None:
        self.studio, self.visible = studio, visible
        self._time = 0
        self._curves: dict[str, deque[tuple[int, float]]] = {
            name: deque(maxlen=KEPT) for name in ("processors", "memory")
        }
        self._labels: dict[str, tuple[ui.label, ui.label]] = {}
        with ui.element("div").classes("work-load"):
            for name in ("Processors", "Memory", "Jobs", "Disk"):
                with ui.element("div"):
                    ui.label(name).classes("work-soft")
                    number = ui.label("-").classes("work-load-number")
                    self._labels[name] = (number, ui.label().classes("work-faint"))
        self.chart = ui.echart(
            charts.chart(charts.axis("s", minInterval=1), charts.axis("%", min=0, max=100, nameGap=36), [])
        ).style("height: 260px; width: 100%")
        ui.timer(1.0, lambda: self.update() if self.visible() else None)

    def update(self) -> None:
        """Measure once."""
        self._time += 1
        cores, memory = psutil.cpu_percent(percpu=True), psutil.virtual_memory()
        mean = sum(cores) / len(cores)
        self._say("Processors", f"{mean:.0f} %", f"of {len(cores)} cores")
        self._say("Memory", size(memory.total - memory.available), f"of {size(memory.total)}")
        processes = [one for job in self.studio.jobs.live() for one in job.members()]
        self._say("Jobs", size(sum(map(_resident, processes))), f"in {len(processes)} processes")
        try:
            disk = shutil.disk_usage(self.studio.project.folder)
            self._say("Disk", size(disk.free), f"free of {size(disk.total)}")
        except OSError as error:
            self._say("Disk", "-", str(error.strerror))
        self._curves["processors"].append((self._time, mean))
        self._curves["memory"].append((self._time, memory.percent))
        series = [charts.line(name, *zip(*points, strict=True)) for name, points in self._curves.items()]
        self.chart.options["series"] = [{**one, "showSymbol": False} for one in series]
        self.chart.update()

    def _say(self, name: str, number: str, note: str) -> None:
        self._labels[name][0].set_text(number)
        self._labels[name][1].set_text(note)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
