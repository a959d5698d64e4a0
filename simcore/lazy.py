"""The arrays of a recipe as dask arrays."""

import functools
from typing import Any

import dask.array
import numpy as np

from simcore.datasets import layout as layouts
from simcore.datasets.layout import RecipeLike
from simcore.datasets.views import StoredArray, View
from simcore.engines.recipes import recipe_of, remember
from simcore.errors import StorageError

LAZY_BYTES = 8 << 20


def lazy(
    recipe: RecipeLike, count: int, seed: int, *, chunk: int | None = None, split: str | None = None
) -> dict[str, dask.array.Array]:
    """The arrays that ``render`` would give, as dask arrays that are rendered when computed.

    Args:
        recipe: what is rendered.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        chunk: examples in a block; None: blocks of about 8 MiB.
        split: "train", "validation", "test" or None.

    """
    count, seed = layouts.whole("count", count, least=0), layouts.whole("seed", seed, least=0, below=2**128)
    remember(recipe)
    text = (recipe.canonical, recipe.sha256)
    result = {}
    for name, output in recipe.outputs.items():
        size = max(1, int(np.prod(output.shape)) * np.dtype(output.dtype).itemsize)
        block = layouts.whole("chunk", max(1, LAZY_BYTES // size) if chunk is None else chunk, least=1)
        indices = dask.array.arange(count, chunks=block, dtype=np.int64)
        result[name] = dask.array.map_blocks(
            functools.partial(_render_block, recipe=text, output=name, seed=str(seed), split=split),
            indices,
            dtype=output.dtype,
            chunks=(indices.chunks[0], *((length,) for length in output.shape)),
            new_axis=list(range(1, 1 + len(output.shape))),
            meta=np.empty((0,) * (1 + len(output.shape)), output.dtype),
        )
    return result


def _render_block(
    indices: np.ndarray, *, recipe: tuple[str, str], output: str, seed: str, split: str | None
) -> np.ndarray:
    rendered = recipe_of(*recipe).render(indices=indices, seed=int(seed), outputs=[output], split=split, threads=1)
    return rendered[output]


def stored(array: StoredArray) -> dask.array.Array:
    """An array of a dataset or view as a dask array, whose blocks are whole stored chunks, read when computed."""
    edges = np.array(array.view.edges(array.example_bytes, LAZY_BYTES))
    chunks = (tuple(np.diff(edges).tolist()), *((length,) for length in array.shape[1:]))
    name = f"simcore-{array.view.identity}-{array.name}"
    return dask.array.from_array(array, chunks=chunks, name=name, meta=np.empty((0,) * array.ndim, array.dtype))


def labelled(view: View) -> Any:
    """A view as an xarray.Dataset: coordinates number the examples and name the axes of points and the columns of tables."""
    try:
        import xarray  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise StorageError("this needs xarray; pip install 'simcore[xarray]'") from error
    coordinates: dict[str, Any] = {"example": np.arange(len(view))}
    for array in map(view.__getitem__, view.arrays):
        coordinates |= {array.dimensions[-1]: array.labels} if array.labels else {}
    arrays = {name: (view[name].dimensions, stored(view[name]), view[name].attributes) for name in view.arrays}
    return xarray.decode_cf(xarray.Dataset(arrays, coordinates), decode_times=False)
