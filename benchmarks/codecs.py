"""What compressing costs and gains, by kind of array: ``python -m benchmarks.codecs`` prints the table of docs/storage.md."""

from __future__ import annotations

import numpy as np

import simcore as sc
from benchmarks import case_f
from benchmarks.alone import EVERY
from benchmarks.timing import typical
from simcore.datasets.codecs import codec_of
from simcore.datasets.layout import CHUNK_BYTES
from simcore.datasets.shards import encode

CODECS = tuple(
    f"{name}:{level}:{shuffle}"
    for name, levels in (("lz4", (1, 5, 9)), ("zstd", (1, 3, 5)))
    for level in levels
    for shuffle in ("bit", "byte")
)
LENGTH = 4 << 20  # bytes of each array
SECONDS = 0.3


def arrays() -> dict[str, np.ndarray]:
    """One array of each kind that recipes store, (example, ...)."""
    clean = _rendered("hologram64", "image")
    counts = np.random.Generator(np.random.Philox(1)).poisson(100 * clean)
    cells = sc.Recipe(label=case_f.scene(case_f.FEW) >> sc.InstanceMask(pixel_size=0.1, shape=(256, 256)))
    return {
        "hologram, float32": clean,
        "the same, float16": clean.astype(np.float16),
        "noisy counts, uint16": counts.astype(np.uint16),
        "the same, float32": counts.astype(np.float32),
        "emitters with noise, float32": _rendered("d", "image"),
        "field, complex64": _rendered("c", "image").view(np.complex64),
        "mask, bool": _rendered("d", "label"),
        "mask of noise, bool": counts > 100 * clean,
        "density of cells, float32": _rendered("f_few", "label"),
        "labels of cells, int32": cells.render(16, seed=1)["label"],
    }


def _rendered(case: str, output: str) -> np.ndarray:
    recipe = EVERY[case].recipe(5e-4)
    spec = recipe.outputs[output]
    count = max(4, LENGTH // (int(np.prod(spec.shape)) * spec.dtype.itemsize))
    return recipe.render(min(256, count), seed=1, outputs=[output])[output]


def measure(array: np.ndarray, text: str) -> tuple[float, float]:
    """GB/s on one core, checksums included, and how many times smaller it lies on the disk."""
    codec = codec_of(text)
    chunk = max(1, CHUNK_BYTES // array[:1].nbytes)
    unit = -(-len(array) // chunk) * chunk
    seconds = typical(lambda: encode(codec, array, chunk, unit), SECONDS)
    return array.nbytes / seconds / 1e9, array.nbytes / len(encode(codec, array, chunk, unit))


def main() -> None:
    """Print the table in Markdown: GB/s, ratio."""
    found = arrays()
    print("| | " + " | ".join(found) + " |\n" + "| --- " * (len(found) + 1) + "|")
    for text in (*CODECS, "none"):
        cells = ("{:.2f}, {:.2f}".format(*measure(array, text)) for array in found.values())
        print(f"| `{text}` | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
