"""What imports what: the studio stands on both packages, nothing on it, and it starts without TensorFlow."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from studio import palette
from studio.building import checking, steps
from studio.recipe_text import RecipeText
from studio.watching.sliding import slides

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "studio").rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


@pytest.mark.parametrize("package", ["simcore", "dtmodels"])
def test_nothing_imports_the_studio(package: str) -> None:
    assert not [path for path in (ROOT / package).rglob("*.py") if "studio" in imports(path)]


def test_the_studio_imports_no_tensorflow() -> None:
    assert not [path for path in MODULES if imports(path) & {"tensorflow", "keras"}]
    code = "import sys, studio.app; assert not {'tensorflow', 'keras', 'torch', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_what_does_not_need_a_page_imports_no_nicegui() -> None:
    plain = [
        *(ROOT / "studio").glob("*.py"),
        *(ROOT / "studio/building").glob("*.py"),
        *(
            path
            for part in ("watching", "running", "browsing", "training", "applying")
            for path in (ROOT / "studio" / part).glob("*.py")
        ),
    ]
    with_pages = {"app.py", "state.py", "look.py", "session.py"}
    assert not [path for path in plain if path.name not in with_pages and "nicegui" in imports(path)]


def test_no_module_has_grown_beyond_what_one_reads() -> None:
    assert {path.name: n for path in MODULES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 380} == {}


def test_every_package_and_file_is_in_the_wheel(tmp_path: Path) -> None:
    """Built as ``pip install ./studio`` does, from its folder alone."""
    source = tmp_path / "studio"
    shutil.copytree(ROOT / "studio", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=source, capture_output=True, text=True, check=True
    )
    packed = set(zipfile.ZipFile(tmp_path / made.stdout.split()[-1]).namelist())
    wanted = {p for p in (ROOT / "studio").rglob("*") if p.suffix in (".py", ".css", ".yaml", ".typed")}
    assert {str(p.relative_to(ROOT)) for p in wanted if "build" not in p.parts} <= packed


def test_a_recipe_of_a_hundred_definitions_is_edited_in_time() -> None:
    define = "".join(f"  blur_{k}: GaussianBlur(sigma=uniform({k}, {k + 1}))\n" for k in range(100))
    chain = " >> ".join(f"blur_{k}" for k in range(40))
    text = f"""format: simcore-recipe/1
define:
  particle: MieSphere(x=8, y=8, radius=0.5, refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(16, 16))
{define}outputs:
  image: particle >> microscope >> {chain}
"""
    names = palette.names_for()
    started = time.perf_counter()
    made = steps.moved(RecipeText(text), ("outputs", "image"), 30, 5, names)
    assert checking.check(made) is None
    recipe = RecipeText(made)
    assert all(steps.steps_of(recipe, (e.section, e.key), names) for e in recipe.entries)
    assert len(slides(recipe, names)) > 100
    assert time.perf_counter() - started < 0.9  # three times what it shall take: other work runs beside
