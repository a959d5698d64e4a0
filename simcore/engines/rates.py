"""How fast a run goes now, and each of its workers."""

from collections import deque

import attrs

WINDOW = 60.0  # seconds that count as now
SPACING = 0.25  # seconds between two points that are kept
WARM = 8  # points after which the start, where everything is slow, no longer counts


class Rate:
    """Examples per second of late.

    Args:
        started: when, in seconds of any clock.

    """

    def __init__(self, started: float) -> None:
        self.total = 0
        self._points = deque([(started, 0)])
        self._cold = True

    def add(self, now: float, examples: int) -> None:
        """Count what was finished now."""
        self.total += examples
        if len(self._points) > 1 and now - self._points[-1][0] < SPACING:
            now = self._points.pop()[0]
        self._points.append((now, self.total))
        if self._cold and len(self._points) > WARM:
            self._points.popleft()
            self._cold = False
        while len(self._points) > WARM and now - self._points[0][0] > WINDOW:
            self._points.popleft()

    def per_second(self) -> float:
        """Zero before anything was finished."""
        (first, before), (last, after) = self._points[0], self._points[-1]
        return (after - before) / max(last - first, 1e-9) if len(self._points) > 1 else 0.0


@attrs.define
class Workers:
    """Rates of the workers that have finished anything, by name."""

    started: float
    rates: dict[str, Rate] = attrs.field(factory=dict)

    def add(self, worker: str, now: float, examples: int) -> None:
        """Count what a worker finished now."""
        self.rates.setdefault(worker, Rate(self.started)).add(now, examples)

    def lines(self) -> list[str]:
        """A line for each worker."""
        return [
            f"  {name}: {r.total:,} examples, {r.per_second():,.0f} examples/s"
            for name, r in sorted(self.rates.items())
        ]
