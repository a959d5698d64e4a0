"""Two wheels from one tree: dtmodels builds and imports where there is no compiler."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of dtmodels, built as `pip install ./dtmodels` does, from its folder alone, where no compiler can be found."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(ROOT / "dtmodels", folder / "dtmodels", ignore=ignored)
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=folder / "dtmodels",
        env={"PATH": "", "CC": "no-compiler-here", "CXX": "no-compiler-here"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_dtmodels_is_pure_python_and_whole(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("dtmodels/")}
    sources = {f"dtmodels/{path.relative_to(ROOT / 'dtmodels')}" for path in (ROOT / "dtmodels").rglob("*.py")}
    assert {name for name in sources if "/build/" not in name} <= packed
    assert "dtmodels/py.typed" in packed and not [
        name for name in packed if name.endswith((".so", ".pyd", ".c", ".cpp"))
    ]


def test_dtmodels_imports_from_its_wheel_alone(wheel, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); sys.modules['simcore'] = None; import dtmodels; "
        "assert dtmodels.__file__.startswith(sys.path[0]); print(dtmodels.open_dataset.__name__)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "open_dataset", done.stderr


def test_the_versions_of_the_packages_agree_with_what_they_say():
    import tomllib

    import dtmodels
    import simcore

    for package, path in ((simcore, ROOT / "pyproject.toml"), (dtmodels, ROOT / "dtmodels/pyproject.toml")):
        assert tomllib.loads(path.read_text())["project"]["version"] == package.__version__


def test_every_package_of_simcore_is_in_its_wheel():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "simcore").rglob("__init__.py")}
    assert set(listed) == there
