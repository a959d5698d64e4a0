"""Every type that `stored` offers: what readers that know the CF conventions get back, against the image itself."""

import numpy as np
import pytest
import xarray
import zarr

import dtmodels as dm
import simcore as sc
from simcore.stored import TYPES

COUNT = 40
SCALES = {"plain": (1.0, 0.0), "scaled": (20.0, 3.0)}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    particle = sc.MieSphere(x=sc.uniform(4, 12), y=8, z=sc.uniform(5, 15), radius=0.5, refractive_index=1.5)
    microscope = sc.Holography(
        numerical_aperture=1.2, wavelength=0.447, pixel_size=0.048, refractive_index_medium=1.34, shape=(16, 16)
    )
    image = particle >> microscope
    coded = {
        f"{dtype}_{name}": sc.stored(image, dtype=dtype, scale=scale, offset=offset)
        for dtype in TYPES
        for name, (scale, offset) in SCALES.items()
    }
    recipe, path = sc.Recipe(image=image, **coded, z=particle.z), tmp_path_factory.mktemp("stored") / "data.zarr"
    recipe.generate(path, count=COUNT, seed=2, unit=16, chunk=8, progress=False)
    return path, recipe.render(COUNT, seed=2)["image"]


def expected(image, dtype, name):
    """The image that comes back, and by how much it may differ."""
    scale, offset = SCALES[name]
    if dtype == "bool":
        return image > 0.5, 0
    if dtype.startswith("float"):
        return image, max(np.finfo(dtype).eps, np.finfo(np.float32).eps) * (image.max() + offset / scale)
    limits = np.iinfo(dtype)
    low, high = (limits.min - offset) / scale, (limits.max - offset) / scale
    return np.clip(image, low, high), 0.5001 / scale


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", SCALES)
def test_readers_get_the_image_back(stored, dtype, name):
    path, image = stored
    array = f"{dtype}_{name}"
    truth, error = expected(image, dtype, name)
    assert zarr.open_array(path, path=array, mode="r").dtype == dtype
    seen, _ = dm.open_dataset(path, inputs=array, targets="z").numpy()
    opened = xarray.open_zarr(path)[array]
    for values in (seen, opened.values):
        np.testing.assert_allclose(values.astype(np.float64), truth.astype(np.float64), rtol=0, atol=error)
    if dtype == "bool":
        assert opened.dtype == bool


@pytest.mark.parametrize("codec", ["none", "lz4:1:byte", "lz4:9:bit", "zstd:5:byte", "zstd:1:bit"])
def test_dtmodels_reads_every_codec(tmp_path, codec):
    recipe = sc.Recipe(vector=sc.uniform(0, 1, shape=300), flag=sc.integers(0, 9) > 4)
    recipe.generate(tmp_path / "data.zarr", count=50, seed=1, unit=16, chunk=8, codec=codec, progress=False)
    seen, flags = dm.open_dataset(tmp_path / "data.zarr", inputs="vector", targets="flag").numpy()
    expected = recipe.render(50, seed=1)
    np.testing.assert_array_equal(seen, expected["vector"])
    np.testing.assert_array_equal(flags.reshape(50), expected["flag"])


def test_a_mask_of_noise_needs_no_packing(tmp_path):
    noise = np.random.Generator(np.random.Philox(1)).uniform(size=(64, 64, 64)) < 0.5
    np.save(tmp_path / "noise.npy", noise.astype(np.float32))
    source = sc.Source(str(tmp_path / "noise.npy"), order="cycle")
    recipe = sc.Recipe(mask=sc.stored(source.image, dtype="bool"))
    recipe.generate(tmp_path / "data.zarr", count=64, seed=1, progress=False)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "data.zarr", path="mask", mode="r")[..., 0], noise)
    size = sum(file.stat().st_size for file in (tmp_path / "data.zarr/mask").glob("c.*"))
    assert noise.nbytes / size > 7
