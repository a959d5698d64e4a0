"""Datasets as sources: clean images stored once, seen by other cameras afterwards."""

import shutil

import numpy as np
import pytest

import simcore as sc
from simcore import datasets

COUNT, SEED = 40, 3
PARTICLE = sc.MieSphere(x=sc.uniform(4, 12), y=8, z=sc.uniform(5, 15), radius=0.5, refractive_index=1.5)
MICROSCOPE = sc.Holography(
    numerical_aperture=1.2, wavelength=0.447, pixel_size=0.048, refractive_index_medium=1.34, shape=(16, 16)
)


def noise():
    return sc.PoissonNoise(snr=10, background=1)


@pytest.fixture
def clean(tmp_path):
    image = PARTICLE >> MICROSCOPE
    recipe = sc.Recipe(
        image=image, coded=sc.stored(image, "uint16", scale=5000), bright=sc.stored(image, "bool"), z=PARTICLE.z
    )
    recipe.generate(tmp_path / "clean.zarr", COUNT, SEED, unit=8, chunk=4, progress=False)
    return str(tmp_path / "clean.zarr")


def test_noise_on_stored_images_is_that_of_one_recipe(clean, tmp_path):
    together = sc.Recipe(image=PARTICLE >> MICROSCOPE >> noise(), z=PARTICLE.z).render(COUNT, seed=SEED)
    source = sc.Source(clean, label="z", image="image")
    recipe = sc.Recipe(image=source.image >> noise(), z=source.label)
    apart = recipe.render(COUNT, seed=SEED)
    for name, array in together.items():
        np.testing.assert_array_equal(apart[name], array)
    stored = recipe.generate(tmp_path / "noisy.zarr", COUNT, SEED, unit=16, chunk=8, workers=2, progress=False)
    np.testing.assert_array_equal(stored["image"][:], together["image"])
    other = sc.Recipe(image=source.image >> noise()).render(COUNT, seed=SEED + 1)["image"]
    assert not np.array_equal(other, together["image"])
    np.testing.assert_allclose(other.mean(), together["image"].mean(), rtol=0.01)


def test_worker_processes_read_the_source(clean, tmp_path):
    recipe = sc.Recipe(image=sc.Source(clean).image >> noise())
    made = recipe.generate(tmp_path / "noisy.zarr", COUNT, SEED, unit=8, chunk=8, processes=True, progress=False)
    np.testing.assert_array_equal(made["image"][:], recipe.render(COUNT, seed=SEED)["image"])


def test_examples_come_in_turn_unless_told_otherwise(clean):
    image, z = (datasets.open_dataset(clean)[name][:] for name in ("image", "z"))
    indices = [5, 3, 3, COUNT + 1, 39, 2 * COUNT]
    turn = sc.Recipe(image=sc.Source(clean).image).render(indices=indices, seed=1)["image"]
    np.testing.assert_array_equal(turn, image[np.array(indices) % COUNT])
    source = sc.Source(clean, image="image", label="z", order="random")
    arrays = sc.Recipe(image=source.image, z=source.label).render(30, seed=1)
    places = [int(np.flatnonzero(z == value)[0]) for value in arrays["z"]]
    assert len(set(places)) > 10
    np.testing.assert_array_equal(arrays["image"], image[places])


def test_scales_are_undone_and_masks_stay_masks(clean):
    source = sc.Source(clean, image="coded", mask="bright")
    arrays = sc.Recipe(image=source.image, mask=source.mask).render(COUNT, seed=1)
    image = datasets.open_dataset(clean)["image"][:]
    np.testing.assert_allclose(arrays["image"], image, rtol=0, atol=0.51 / 5000)
    assert arrays["mask"].dtype == bool
    np.testing.assert_array_equal(arrays["mask"], image > 0.5)


def test_only_what_is_asked_for_is_read(clean, tmp_path):
    recipe = sc.Recipe(image=sc.Source(clean).image)
    expected = recipe.render(indices=[17, 18], seed=1)["image"]
    text = recipe.canonical
    for shard in (tmp_path / "clean.zarr/image").glob("c.*"):
        if shard.name != "c.2.0.0.0":
            shard.write_bytes(b"whoever reads this fails")
    np.testing.assert_array_equal(sc.loads(text).render(indices=[17, 18], seed=1)["image"], expected)


def test_the_recipe_holds_the_identity_and_reads_back(clean):
    recipe = sc.Recipe(image=sc.Source(clean, order="cycle").image >> noise())
    assert datasets.open_dataset(clean).identity in recipe.canonical
    assert recipe == sc.loads(recipe.canonical) == sc.Recipe(image=sc.Source(clean).image >> noise())


def test_a_dataset_that_changed_or_is_not_whole_is_refused(clean, tmp_path):
    recipe = sc.Recipe(image=sc.Source(clean).image)
    (tmp_path / "clean.zarr/image/c.2.0.0.0").unlink()
    with pytest.raises(sc.RecipeError, match="is not whole: objects are missing"):
        recipe.generate(tmp_path / "noisy.zarr", COUNT, SEED)
    shutil.rmtree(clean)
    sc.Recipe(image=PARTICLE >> MICROSCOPE).generate(clean, COUNT, SEED + 1, progress=False)
    with pytest.raises(sc.RecipeError, match=r"clean.zarr has changed: its identity is [0-9a-f]{64}, the recipe says"):
        recipe.generate(tmp_path / "noisy.zarr", COUNT, SEED)
    with pytest.raises(sc.RecipeError, match="has changed"):
        sc.loads(recipe.canonical)
    with pytest.raises(sc.RecipeError, match="no array 'photons'; there are image"):
        sc.Source(clean, image="photons")
    group = tmp_path / "clean.zarr/zarr.json"
    group.write_text(group.read_text().replace('"complete": true', '"complete": false'))
    with pytest.raises(sc.RecipeError, match="is not complete"):
        sc.Source(clean)
    assert not (tmp_path / "noisy.zarr").exists()
