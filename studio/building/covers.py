"""A picture of each example project: the first draw of its recipe, with what is stored of it marked."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from studio.examples import EXAMPLES
from studio.watching.pictures import grey, planes
from studio.watching.worker import Request, render

SIDE = 200  # pixels


@cache
def cover(name: str) -> bytes:
    """Return the PNG; an empty one where the recipe needs data that are not there, or there is no such example."""
    example = next((e for e in EXAMPLES if e.name == name), None)
    if example is None:
        return b""
    answer = render(Request((example.folder / "recipe.yaml").read_text(encoding="utf-8"), (2,)))
    shown = next((o for o in answer.outputs if o.kind in ("image", "field")), None)
    if shown is None:
        return b""
    plane = planes(shown.values[0], shown.kind, "")[0][1]
    image = Image.fromarray(grey(plane)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.NEAREST)
    draw, scale = ImageDraw.Draw(image), SIDE / plane.shape[0]
    for output in answer.outputs:
        if output.kind == "points":
            for row in output.values[0].reshape(-1, output.values.shape[-1]):
                y, x = (row[-2:] + 0.5) * scale
                if np.isfinite(y + x):
                    draw.line((x - 6, y, x + 6, y), fill=(255, 75, 62), width=2)
                    draw.line((x, y - 6, x, y + 6), fill=(255, 75, 62), width=2)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
