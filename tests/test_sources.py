"""Measured images as sources: which entry an example gets, what is kept of the file, what is refused."""

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

import simcore as sc


def double(batch):
    """A plain callable on batches."""
    return 2 * batch


def scaled(path):
    """A callable made from what is at a path."""
    factor = float(np.load(path))
    return lambda batch: factor * batch


@pytest.fixture
def digits(tmp_path):
    rng = np.random.Generator(np.random.Philox(1))
    images = rng.integers(0, 256, (12, 6, 5), dtype=np.uint8)
    path = tmp_path / "digits.npz"
    np.savez(path, x=images, y=np.arange(12), mask=images > 100)
    return str(path), images


def test_images_and_labels_stay_together(digits):
    path, images = digits
    source = sc.Source(path, image="x", label="y", mask="mask")
    flip = sc.FlipLeftRight()
    recipe = sc.Recipe(image=source.image >> flip, label=source.label, mask=source.mask >> flip, plain=source.image)
    arrays = recipe.render(60, seed=4)
    np.testing.assert_array_equal(arrays["plain"][..., 0], images[arrays["label"]])
    np.testing.assert_array_equal(arrays["mask"], arrays["image"] > 100)
    assert (
        len(np.unique(arrays["label"])) == 12 and arrays["mask"].dtype == bool and arrays["image"].dtype == np.float32
    )
    assert recipe.outputs["mask"].kind == "mask" and recipe.outputs["image"].kind == "image"
    again = sc.loads(recipe.canonical)
    assert again == recipe and source.sha256 in recipe.canonical
    np.testing.assert_array_equal(again.render(indices=[33], seed=4)["image"][0], arrays["image"][33])


def test_entries_can_come_in_turn(digits):
    path, images = digits
    source = sc.Source(path, image="x", order="cycle")
    arrays = sc.Recipe(image=source.image).render(indices=[0, 13, 23, 24], seed=4)
    np.testing.assert_array_equal(arrays["image"][..., 0], images[[0, 1, 11, 0]])


def test_npy_tiff_and_folders(tmp_path):
    rng = np.random.Generator(np.random.Philox(2))
    stack = rng.integers(0, 4000, (5, 8, 9), dtype=np.uint16)
    np.save(tmp_path / "stack.npy", stack)
    tifffile.imwrite(tmp_path / "stack.tif", stack)
    for i, page in enumerate(stack):
        tifffile.imwrite(tmp_path / f"page{i}.tiff", page)
        imageio.imwrite(tmp_path / f"mask{i}.png", (page > 2000).astype(np.uint8))
    folder = sc.Folder(str(tmp_path / "page*.tiff"), masks=str(tmp_path / "mask*.png"), order="cycle")
    sources = {
        "npy": sc.Source(str(tmp_path / "stack.npy"), order="cycle").image,
        "tif": sc.Source(str(tmp_path / "stack.tif"), order="cycle").image,
        "folder": folder.image,
    }
    arrays = sc.Recipe(**sources, mask=folder.mask).render(7, seed=1)
    for name in sources:
        np.testing.assert_array_equal(arrays[name][..., 0], stack[np.arange(7) % 5])
    np.testing.assert_array_equal(arrays["mask"][..., 0], stack[np.arange(7) % 5] > 2000)


def test_measured_backgrounds_are_added(digits):
    path, images = digits
    particle = sc.MieSphere(x=2, y=3, radius=0.2, refractive_index=1.5)
    image = particle >> sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(6, 5))
    arrays = sc.Recipe(sum=image + sc.Source(path, image="x", order="cycle").image / 255, image=image).render(3, seed=1)
    np.testing.assert_allclose(arrays["sum"], arrays["image"] + images[:3, ..., None] / np.float32(255), rtol=1e-6)


def test_files_that_changed_or_are_missing_are_refused(digits, tmp_path):
    path, images = digits
    recipe = sc.Recipe(image=sc.Source(path, image="x").image)
    text = recipe.canonical
    np.savez(path, x=images[:5])
    with pytest.raises(sc.RecipeError, match=r"digits.npz has changed: its SHA-256 is [0-9a-f]{64}, the recipe says"):
        sc.loads(text)
    with pytest.raises(sc.RecipeError, match="has changed"):
        recipe.generate(tmp_path / "data.zarr", count=4, seed=1)
    assert not (tmp_path / "data.zarr").exists()
    with pytest.raises(sc.RecipeError, match="missing.npz: No such file"):
        sc.Source("missing.npz", image="x")
    with pytest.raises(sc.RecipeError, match="holds no array 'z'; it holds x"):
        sc.Source(path, image="z")
    with pytest.raises(sc.RecipeError, match=r"no file matches 'nothing\*.tif'"):
        sc.Folder("nothing*.tif")
    np.savez(tmp_path / "objects.npz", x=np.array([{}, None]))
    with pytest.raises(sc.RecipeError, match="Object arrays cannot be loaded"):
        sc.Source(str(tmp_path / "objects.npz"), image="x")
    np.savez(tmp_path / "uneven.npz", x=images, y=np.arange(3))
    with pytest.raises(sc.RecipeError, match="must be equally many"):
        sc.Source(str(tmp_path / "uneven.npz"), image="x", label="y")
    with pytest.raises(sc.ParameterError, match=r"Source.order: 'sorted'; must be one of 'random', 'cycle'"):
        sc.Source(path, image="x", order="sorted")


def test_plain_callables_run_for_whoever_trusts_them(digits, tmp_path):
    path, images = digits
    np.save(tmp_path / "factor.npy", 3.0)
    image = sc.Source(path, image="x", order="cycle").image
    recipe = sc.Recipe(
        double=image >> sc.Apply("test_sources:double"),
        scaled=image >> sc.Apply("test_sources:scaled", path=str(tmp_path / "factor.npy")),
    )
    arrays = recipe.render(3, seed=1)
    np.testing.assert_array_equal(arrays["double"][..., 0], 2.0 * images[:3])
    np.testing.assert_array_equal(arrays["scaled"][..., 0], 3.0 * images[:3])
    with pytest.raises(sc.UntrustedCodeError, match="Apply runs code"):
        sc.loads(recipe.canonical)
    assert sc.loads(recipe.canonical, trust=True) == recipe
    with pytest.raises(sc.RecipeError, match="no attribute 'nothing'"):
        sc.Recipe(a=image >> sc.Apply("test_sources:nothing")).render(1, seed=1)
    with pytest.raises(sc.RecipeError, match=r"gives shape \(1, 6, 5, 1\); must be \(1, 3, 3, 1\)"):
        sc.Recipe(a=image >> sc.Apply("test_sources:double", shape=(3, 3, 1))).render(1, seed=1)


def test_outputs_are_stored_in_the_type_asked_for(digits, tmp_path):
    path, images = digits
    image = sc.Source(path, image="x", order="cycle").image / 16 - 2
    recipe = sc.Recipe(
        image=image,
        coarse=sc.stored(image, dtype="uint16", scale=16, offset=32),
        clipped=sc.stored(image, dtype="uint8"),
        half=sc.stored(image, dtype="float16"),
        bright=sc.stored(image, dtype="bool"),
    )
    dataset = recipe.generate(tmp_path / "data.zarr", count=12, seed=1)
    arrays = recipe.render(12, seed=1)
    np.testing.assert_array_equal(arrays["coarse"][..., 0], images)
    np.testing.assert_array_equal(arrays["clipped"], np.rint(np.clip(arrays["image"], 0, 255)))
    np.testing.assert_array_equal(arrays["half"], arrays["image"].astype(np.float16))
    np.testing.assert_array_equal(arrays["bright"], arrays["image"] > 0.5)
    import xarray

    opened = xarray.open_zarr(dataset.path, consolidated=False)
    np.testing.assert_allclose(opened["coarse"].values, arrays["image"], atol=1e-6)
    assert sc.loads(recipe.canonical) == recipe
    with pytest.raises(sc.ParameterError, match=r"stored.dtype: 'int64'; must be one of"):
        sc.stored(image, dtype="int64")
    with pytest.raises(sc.RecipeError, match="stored takes an image"):
        sc.stored(3, dtype="uint8")
