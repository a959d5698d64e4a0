"""How methods and quantities are called in figures and on the page."""

LABELS = {"network": "network", "radial_center": "radial centre", "gaussian_fit": "Gaussian fit", "trackpy": "trackpy"}


def label(name: str) -> str:
    """A contender's name for a legend: no mathematics in it."""
    return LABELS.get(name, name).replace("$", r"\$")


def quantity(name: str, unit: str = "1") -> str:
    """A name with its unit for an axis."""
    plain = name.replace("_", " ").replace("$", r"\$")
    return plain if unit in ("1", "") else f"{plain} ({unit})"
