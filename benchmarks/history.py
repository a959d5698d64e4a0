"""The numbers of each commit that was measured, and how they went: ``python -m benchmarks.history`` draws them."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.workers import ROOT
from simcore.bench import processor

FOLDER = ROOT / "benchmarks" / "history"
PLOT, CURVES = FOLDER / "history.png", FOLDER / "curves.png"
DIGITS = 4


def keep(result: dict[str, Any]) -> Path:
    """Write a run's numbers, rounded, under the hash of the commit; uncommitted changes make a file beside it."""
    about = commit()
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{about['commit']}{'-changed' if about['changed'] else ''}.json"
    path.write_text(json.dumps(rounded({**about, **machine(), **result}), indent=1) + "\n", encoding="utf-8")
    return path


def commit() -> dict[str, Any]:
    """What is measured: short hash, time of the commit, its first line, whether the files differ from it."""
    short, date, subject = _git("log", "-1", "--format=%h%n%cI%n%s").split("\n")
    changed = bool(_git("status", "--porcelain", "--untracked-files=no"))
    return {"commit": short, "date": date, "subject": subject, "changed": changed}


def machine() -> dict[str, Any]:
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": processor(), "python": platform.python_version()},
    }


def rounded(value: Any) -> Any:
    """Return the same with few digits, so that the files stay small."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def runs() -> list[dict[str, Any]]:
    """Return all that is kept, in the order of the commits."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda run: (datetime.fromisoformat(run["date"]), run["measured"]))


def draw(path: Path = PLOT) -> None:
    """Plot, for each case and commit, how many times as fast as the peer it is, and how many times its floor it takes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kept = runs()
    figure = Figure(figsize=(9, 8), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, sharex=True)
    names = list(dict.fromkeys(name for run in kept for name in run["cases"]))
    for i, name in enumerate(names):
        style = {"marker": "os^v"[i // 10 % 4], "color": f"C{i % 10}", "markersize": 4}
        rows = [(x, asked(run["cases"][name])) for x, run in enumerate(kept) if name in run["cases"]]
        title = kept[rows[-1][0]]["cases"][name]["title"]
        for axes, field, label in ((upper, "ratio", None), (lower, "over", title)):
            points = [(x, row[field]) for x, row in rows if field in row]
            if points:
                axes.semilogy(*zip(*points, strict=True), label=label, **style)
    for formatted in (lower.yaxis.set_major_formatter, lower.yaxis.set_minor_formatter):
        formatted("{x:g}")
    upper.set_ylabel("images per second over the peer's")
    lower.set_ylabel("time over floor")
    lower.set_xticks(range(len(kept)), [run["commit"] for run in kept], rotation=90, fontsize=7)
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=7)
    figure.savefig(path, dpi=110)


def asked(row: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a case at the tolerance that counts: the peer's error where there is a peer, else its own."""
    at: dict[str, Any] = row["at"]
    return at.get("peer", at["default"])


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    draw()
    print(PLOT.relative_to(ROOT))
