"""The page: facts, pictures and recipe put into a template. All texts are escaped, for a recipe may come from anyone."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from simcore.card.histograms import histograms, shown_units
from simcore.card.pictures import contact_sheet, histogram
from simcore.datasets.dataset import describe
from simcore.datasets.view_files import Openable, open_dataset
from simcore.datasets.views import View
from simcore.errors import ParameterError, StorageError

SUFFIXES = (".html", ".md")


def write_card(part: Openable, out: str | os.PathLike[str]) -> Path:
    """Write the card of a dataset or view: what, how many, from what recipe, how it looks, how its numbers are spread.

    Args:
        part: a path, URL, dataset or view; sealed.
        out: a file that ends in ``.html`` (one file, pictures inside) or ``.md`` (pictures in the folder beside it of the
            same name, ``card_files`` for ``card.md``). An older card is replaced.

    Returns:
        where it lies.

    Raises:
        ParameterError: another ending.
        DatasetError: not a sealed dataset.
        StorageError: the disk refused.

    """
    path = Path(out)
    if path.suffix not in SUFFIXES:
        raise ParameterError(f"card: {path}; must end in {' or '.join(SUFFIXES)}")
    view = open_dataset(part)
    pictures = {"examples.png": contact_sheet(view)}
    spread = histograms(view)
    pictures |= {f"histogram_{k:02d}.png": histogram(one) for k, one in enumerate(spread)}
    facts = _facts(view) | {"histograms": spread}
    kept = {name: data for name, data in pictures.items() if data}
    try:
        return _write_html(path, facts, kept) if path.suffix == ".html" else _write_markdown(path, facts, kept)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error


def _write_html(path: Path, facts: dict[str, Any], pictures: dict[str, bytes]) -> Path:
    embedded = {name: f"data:image/png;base64,{base64.b64encode(data).decode()}" for name, data in pictures.items()}
    path.write_text(_template("card.html.j2", autoescape=True).render(facts, pictures=embedded), encoding="utf-8")
    return path


def _write_markdown(path: Path, facts: dict[str, Any], pictures: dict[str, bytes]) -> Path:
    folder = path.with_name(f"{path.stem}_files")
    folder.mkdir(exist_ok=True)
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    links = {name: f"{folder.name}/{name}".replace(" ", "%20") for name in pictures}
    path.write_text(_template("card.md.j2", autoescape=False).render(facts, pictures=links), encoding="utf-8")
    return path


def _template(name: str, *, autoescape: bool) -> Any:
    import jinja2  # noqa: PLC0415  (only for cards)

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=autoescape, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"plain": _plain, "fenced": _fenced}
    return environment.get_template(name)


def _plain(text: Any) -> str:
    """Text that Markdown shows as it is, on one line and in a cell of a table."""
    entities = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", entities).split())


def _fenced(text: Any) -> str:
    """A block of code that no backticks in the text can end."""
    longest = max((len(run) for run in re.findall("`+", str(text))), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{str(text).rstrip()}\n{fence}"


def _facts(view: View) -> dict[str, Any]:
    datasets = [member.dataset for member in view.members]
    first, about = datasets[0], _dict(datasets[0].about)
    told = {
        key: _common([str(_dict(d.about).get(key, "")) for d in datasets])
        for key in ("title", "licence", "authors", "citation")
    }
    name = view.path or first.path
    recipes = list({d.metadata["recipe_sha256"]: d.metadata["recipe"] for d in datasets}.values())
    packages = {"simcore": first.metadata["simcore"], "python": about.get("python"), **_dict(about.get("packages"))}
    return told | {
        "title": told["title"] or Path(name.rstrip("/")).name,
        "name": Path(name.rstrip("/")).name,
        "count": len(view),
        "bytes": decimal(sum(row["stored"] for d in datasets for row in describe(d)[1])),
        "condition": view.condition,
        "identity": view.identity,
        "members": [_member(member) for member in view.members],
        "arrays": [_array(view, array) for array in view.arrays],
        "recipes": recipes,
        "versions": ", ".join(f"{key} {value}" for key, value in packages.items() if value),
        "created": str(about.get("created", ""))[:10],
        "is_view": len(datasets) > 1 or len(view) != len(first),
    }


def _common(texts: list[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _member(member: Any) -> dict[str, Any]:
    dataset = member.dataset
    keys = ("seed", "split", "first", "count", "recipe_sha256", "render_version")
    told = {key: dataset.metadata[key] for key in keys}
    return told | {"name": Path(dataset.path).name, "identity": dataset.identity, "chosen": len(member)}


def _array(view: View, name: str) -> dict[str, Any]:
    array = view[name]
    attributes = array.attributes
    return {
        "name": name,
        "kind": attributes.get("kind", ""),
        "axes": ", ".join(array.dimensions),
        "shape": " × ".join(f"{length:,}" for length in array.shape),
        "dtype": str(array.dtype),
        "units": shown_units(str(attributes.get("units", "1"))),
        "columns": ", ".join(array.labels),
        "description": str(attributes.get("description", "")),
    }
