"""What the studio may import, and who may import it."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_nothing_imports_the_studio() -> None:
    for package in ("simcore", "dtmodels"):
        for path in (ROOT / package).rglob("*.py"):
            assert not imported(path) & {"studio", "nicegui"}, path


def test_the_studio_imports_no_framework() -> None:
    for path in (ROOT / "studio").rglob("*.py"):
        assert not imported(path) & {"keras", "tensorflow", "torch", "jax", "zarr"}, path


def test_what_lies_below_the_pages_knows_no_layout() -> None:
    for part in ("running", "browsing", "training", "applying", "watching"):
        for path in (ROOT / "studio" / part).rglob("*.py"):
            assert "nicegui" not in imported(path), path


def test_keras_is_not_loaded_when_the_studio_starts() -> None:
    code = "import studio.app, sys; print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
