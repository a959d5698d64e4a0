"""The walls of the architecture, read from the imports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [path for package in ("simcore", "dtmodels") for path in (ROOT / package).rglob("*.py")]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def importers(package: str, of: str) -> set[str]:
    names = {path: imports(path) for path in FILES if path.is_relative_to(ROOT / package)}
    return {
        path.relative_to(ROOT / package).parts[0]
        for path, found in names.items()
        if any(name == of or name.startswith(of + ".") for name in found)
    }


@pytest.mark.parametrize(
    ("package", "library", "allowed"),
    [
        ("simcore", "dtmodels", set()),
        ("dtmodels", "simcore", set()),
        ("simcore", "zarr", {"datasets"}),
        ("simcore", "dask", {"engines", "lazy.py"}),
        ("simcore", "distributed", {"engines"}),
        ("simcore", "numba", {"custom"}),
        ("simcore", "simcore._core", {"kernels"}),
        ("simcore", "simcore._draw", {"draws.py", "placing.py"}),
        ("simcore", "tensorflow", set()),
        ("simcore", "keras", set()),
        ("dtmodels", "zarr", {"data.py"}),
        ("dtmodels", "dask", set()),
        ("dtmodels", "numba", set()),
    ],
)
def test_only_these_files_import(package, library, allowed):
    assert importers(package, library) <= allowed


def test_kernels_know_no_python():
    for path in (ROOT / "csrc").glob("*.[ch]*"):
        assert "Python.h" not in path.read_text() and "pybind11" not in path.read_text(), path.name


def test_no_global_random_state():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
                assert node.attr in ("Generator", "Philox"), f"{path.name}: np.random.{node.attr}"


def at_import(path: Path) -> set[str]:
    """What a module imports while it is imported: at its top level, not in functions or for type checkers."""
    top = ast.Module([node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.If)], [])
    for node in ast.walk(top):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = []
    found = set()
    for node in ast.walk(top):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("package", ["simcore", "dtmodels"])
def test_imports_have_no_circle(package):
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): at_import(path)
        for path in FILES
        if path.is_relative_to(ROOT / package)
    }
    modules.pop(package)  # the package's own front imports all
    left = {name: found & (modules.keys() - {name}) for name, found in modules.items()}
    while ready := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in ready:
            del left[name]
    assert left == {}
