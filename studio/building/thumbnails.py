"""A small picture of everything in the palette, rendered from the declarations as the catalogue's are; kept between starts.

It uses simcore's gallery, which is not public: what shows a feature well is known there alone.
"""

from __future__ import annotations

import contextlib
import os
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import simcore as sc
from simcore.gallery.pictures import picture as gallery_picture
from studio import palette
from studio.building.checking import VALUE
from studio.project import replace
from studio.watching.pictures import cyclic, grey

SIDE = 96  # pixels
INK, PAPER = (52, 120, 190), (255, 255, 255)


def thumbnail(name: str) -> bytes:
    """Return the PNG of an item; an empty one where there is nothing to see."""
    path = _folder() / f"{name}.png"
    with contextlib.suppress(OSError):
        return path.read_bytes()
    made = _made(name)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, made)
    return made


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "simcore-studio" / f"pictures-{sc.__version__}"


@cache
def _made(name: str) -> bytes:
    item = palette.item(name)
    if item is None:
        return b""
    try:
        image = _bars(item.text) if item.kind == "draw" else _view(name)
    except Exception:  # whatever has no picture is shown by its symbol
        return b""
    buffer = BytesIO()
    image.convert("RGB").save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _view(name: str) -> Image.Image:
    shown = gallery_picture(name)
    shot = shown.rows[0][-1] if len(shown.rows[0]) > 1 else shown.rows[0][0]
    panel = shot.render()
    image = Image.fromarray(cyclic(panel.image) if shot.view == "phase" else grey(panel.image)).convert("RGB")
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for y, x in panel.points[:, -2:]:
        u, v = (x + 0.5) * scale, (y + 0.5) * scale
        draw.line((u - 5, v, u + 5, v), fill=(230, 70, 60), width=2)
        draw.line((u, v - 5, u, v + 5), fill=(230, 70, 60), width=2)
    for y0, x0, y1, x1 in panel.boxes * scale:
        draw.rectangle((x0, y0, x1, y1), outline=(230, 70, 60), width=2)
    return image


def _bars(text: str) -> Image.Image:
    """Return the histogram of a distribution; of a motion one track over time."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(image)
    recipe = sc.loads(f"format: simcore-recipe/1\noutputs:\n  {VALUE}: '{text}'\n")
    values = np.asarray(recipe.render(count=4000, seed=1)[VALUE], float).ravel()
    counts, _ = np.histogram(values, bins=24)
    width = SIDE / len(counts)
    for k, count in enumerate(counts):
        height = (SIDE - 16) * count / counts.max()
        draw.rectangle((k * width, SIDE - 8 - height, (k + 1) * width - 1, SIDE - 8), fill=INK)
    return image
