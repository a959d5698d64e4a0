"""Make the stored tables beside this file: ``python -m tests.reference.make_tables`` (six minutes on one core).

What costs too much to be worked out in every test run: Mie coefficients at large size parameters, and images of spheres over the
whole range of the accuracy table. Every value is worked out twice, the second time with more digits or more nodes; the largest
difference stands in the table's certificate.
"""

import json
import platform
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np

from . import hologram, mie

FOLDER = Path(__file__).parent
LARGE = [
    (x, complex(n, k))
    for x in (3000.0, 10000.0)
    for n, k in ((1.01, 0), (1.5, 0), (3, 0), (1.33, 1e-6), (1.5, 0.01), (2, 1), (3, 10))
]
LARGE += [
    (x, complex(n, k))
    for x, pairs in (
        (700.0, ((1.2, 1e-9), (2.5, 0), (1.05, 0.1))),
        (1000.0, ((2, 0), (1.2, 1e-4), (1.5, 3))),
        (1800.0, ((1.1, 1e-9), (2.5, 1e-3), (1.7, 0))),
        (5600.0, ((1.2, 0), (1.05, 0.1), (2, 1e-4))),
        (10000.0, ((1.2, 1e-4), (2.5, 1e-3), (1.7, 0.3))),
    )
    for n, k in pairs
]
ANGLES = (0.0, 1e-3, 0.02, 0.3, 1.0, 1.6, 2.5, 3.0, 3.14, float(np.pi))


def main() -> None:
    write("mie_large.json", *mie_table())
    write("holograms.json", *hologram_table())


def write(name: str, certificate: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    made_by = {"generator": "python -m tests.reference.make_tables", "python": platform.python_version()}
    made_by |= {"mpmath": mp.__version__, "numpy": np.__version__}
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    text = f'{{"certificate": {json.dumps(made_by | certificate)},\n "cases": [\n{lines}\n]}}\n'
    (FOLDER / name).write_text(text, encoding="utf-8")


def mie_table() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    cases = [mie_case(x, m) for x, m in LARGE]
    return {"digits": 30, "check": "two working precisions agree to 30 digits; rounded to float64"}, cases


def mie_case(x: float, m: complex) -> dict[str, Any]:
    a, b = mie.coefficients(x, m, mie.terms(x) + 1, digits=30)
    orders = sorted({1, 2, 3, 7, *(int(x * f) for f in np.linspace(0.01, 1, 25)), int(x + 2 * x ** (1 / 3))})
    scattered = [mie.amplitudes_from(a, b, float(np.cos(angle)), digits=30) for angle in ANGLES]
    return {
        "size_parameter": x,
        "relative_index": pair(m),
        "largest": float(max(abs(value) for value in a + b)),
        "orders": orders,
        "a": [pair(a[n - 1]) for n in orders],
        "b": [pair(b[n - 1]) for n in orders],
        "efficiencies": [float(value) for value in mie.efficiencies_from(x, a, b, digits=30)],
        "cos_theta": [float(np.cos(angle)) for angle in ANGLES],
        "s1": [pair(s[0]) for s in scattered],
        "s2": [pair(s[1]) for s in scattered],
    }


def pair(value: Any) -> list[float]:
    return [float(mp.re(value)), float(mp.im(value))]


# Parameters of the reference that the table, made before them, leaves at their defaults.
LATER = hologram.Scene._fields[hologram.Scene._fields.index("jones") :]


def hologram_table(count: int = 60) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = np.random.Generator(np.random.Philox(20))
    cases, worst = [], 0.0
    for number in range(count):
        scene, side = random_scene(random, number)
        near = (min(max(round(scene.y), 0), side - 1), min(max(round(scene.x), 0), side - 1))
        anywhere = random.integers(0, side, size=(5, 2)).tolist()
        rows, columns = (list(c) for c in zip(near, (0, 0), (0, side - 1), *anywhere, strict=True))
        values = hologram.intensity(scene, rows, columns, nodes=12, more=1.3)
        worst = max(worst, float(np.max(np.abs(values - hologram.intensity(scene, rows, columns, nodes=8)))))
        index = complex(scene.refractive_index)
        chosen = {name: value for name, value in scene._asdict().items() if name not in LATER}
        stored = chosen | {"refractive_index": [index.real, index.imag]}
        cases.append({"scene": stored, "side": side, "rows": rows, "columns": columns, "intensity": values.tolist()})
    return {"largest_change_with_more_nodes": worst}, cases


def random_scene(random: np.random.Generator, number: int) -> tuple[hologram.Scene, int]:
    """The corners of the ranges come first (``number`` picks them bit by bit), then whatever lies between."""
    corner = number < 16
    medium = 1.33 if corner else float(random.choice([1.0, 1.33, 1.52]))
    aperture = (0.1, 1.3)[number & 1] if corner else random.uniform(0.1, min(1.3, 0.98 * medium))
    radius = (0.05, 3.0)[number >> 1 & 1] if corner else np.exp(random.uniform(np.log(0.05), np.log(3)))
    z = (-50.0, 50.0)[number >> 2 & 1] if corner else random.choice([0.0, 1.0, 10.0, 50.0]) * random.uniform(-1, 1)
    pixel = (0.08, 0.2)[number >> 3 & 1] if corner else random.uniform(0.05, 0.35)
    side = int(random.choice([16, 32, 51, 64]))
    scene = hologram.Scene(
        x=tidy(random.uniform(-0.2, 1.2) * side),
        y=tidy(random.uniform(-0.2, 1.2) * side),
        z=tidy(z),
        radius=tidy(radius),
        refractive_index=complex(tidy(random.uniform(1.2, 2.2)), tidy(random.choice([0, 0, 0.01, 0.5]))),
        numerical_aperture=tidy(aperture),
        wavelength=tidy(random.uniform(0.4, 0.8)),
        pixel_size=tidy(pixel),
        refractive_index_medium=medium,
        polarization_angle=None if number % 5 == 4 else tidy(random.uniform(-np.pi, np.pi)),
    )
    return scene, side


def tidy(value: float) -> float:
    return round(float(value), 4) + 0.0  # no minus zero


if __name__ == "__main__":
    main()
