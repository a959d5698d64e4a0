"""Repeated scatterers: what is drawn for each copy, how copies keep their distance, what is padded."""

import hashlib

import numpy as np
import pytest

import simcore as sc

MICROSCOPE = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(32, 40))


def word(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def sphere(**changes):
    usual = {"x": sc.uniform(0, 40), "y": sc.uniform(0, 32), "radius": sc.uniform(0.2, 0.4), "refractive_index": 1.5}
    return sc.MieSphere(**(usual | changes))


def test_a_draw_of_a_copy_is_numpys_on_the_stream_of_that_copy():
    scene = sphere().repeat(sc.integers(1, 5))
    arrays = sc.Recipe(radius=sc.properties(scene, "radius"), count=scene.count).render(6, seed=9)
    for example in range(6):
        count = np.random.Generator(
            np.random.Philox(key=9, counter=np.array([0, example, word("repeat.count"), 0], np.uint64))
        ).integers(1, 5)
        assert arrays["count"][example] == count == arrays["radius_count"][example]
        for copy in range(count):
            counter = np.array([0, example, word("mie_sphere.radius"), word(f"copy={copy}")], np.uint64)
            wanted = np.random.Generator(np.random.Philox(key=9, counter=counter)).uniform(0.2, 0.4)
            assert arrays["radius"][example, copy, 0] == np.float32(wanted)
        assert np.isnan(arrays["radius"][example, count:]).all()


def test_scatterers_that_are_repeated_together_share_what_a_copy_draws():
    """Dimers: the second sphere stands a step to the right of the first, in the positions as in the image."""
    x, y = sc.uniform(6, 30), sc.uniform(4, 28)
    first, second = sphere(x=x, y=y, radius=0.2), sphere(x=x + 4, y=y, radius=0.2)
    pairs = (first + second).repeat(sc.integers(1, 4), min_distance=8)
    arrays = sc.Recipe(image=pairs >> MICROSCOPE, at=sc.positions(pairs), count=pairs.count).render(6, seed=3)
    assert arrays["at"].shape == (6, 6, 2)
    for image, at, count in zip(arrays["image"], arrays["at"].astype(float), arrays["count"], strict=True):
        known = at[: 2 * count]
        assert np.isnan(at[2 * count :]).all()
        np.testing.assert_allclose(known[count:], known[:count] + np.array([0, 4]), atol=1e-5)
        alone = [sphere(x=px, y=py, radius=0.2) for py, px in known]
        together = alone[0].scene
        for one in alone[1:]:
            together = together + one
        again = sc.Recipe(image=together >> MICROSCOPE).render(1, seed=1)["image"][0]
        np.testing.assert_allclose(image, again, rtol=0, atol=2e-4)


def test_copies_keep_their_values_whatever_the_count():
    def table(count, **options):
        scene = sphere().repeat(count, **options)
        return sc.Recipe(p=sc.properties(scene, "x", "y", "radius")).render(5, seed=2)["p"]

    few, many = table(3), table(7)
    np.testing.assert_array_equal(few, many[:, :3])
    np.testing.assert_array_equal(table(3, min_distance=9), table(6, min_distance=9)[:, :3])
    assert not np.array_equal(few, table(3, min_distance=9))


def test_the_image_of_copies_is_that_of_as_many_spheres():
    scene = sphere(z=sc.normal(0, 1)).repeat(sc.integers(1, 4))
    recipe = sc.Recipe(image=scene >> MICROSCOPE, table=sc.properties(scene, "x", "y", "z", "radius"))
    arrays = recipe.render(4, seed=5)
    for i in range(4):
        rows = [row for row in arrays["table"][i].astype(float) if np.isfinite(row).all()]
        spheres = [sc.MieSphere(x=x, y=y, z=z, radius=r, refractive_index=1.5) for x, y, z, r in rows]
        together = spheres[0].scene
        for one in spheres[1:]:
            together = together + one
        again = sc.Recipe(image=together >> MICROSCOPE).render(1, seed=1)["image"][0]
        np.testing.assert_allclose(arrays["image"][i], again, rtol=0, atol=2e-4)


def test_images_of_nothing_are_empty():
    scene = sphere().repeat(sc.integers(0, 2))
    arrays = sc.Recipe(image=scene >> MICROSCOPE, p=sc.positions(scene)).render(20, seed=1)
    empty = arrays["p_count"] == 0
    assert empty.any() and not empty.all()
    np.testing.assert_array_equal(arrays["image"][empty], 1)
    assert np.isnan(arrays["p"][empty]).all()


@pytest.mark.parametrize("block", [1, 3, 50])
def test_positions_keep_their_distance_and_no_example_sees_another(block):
    scene = sphere().repeat(sc.integers(2, 9), min_distance=7)
    recipe = sc.Recipe(p=sc.positions(scene), r=sc.properties(scene, "radius"))
    arrays = recipe.render(50, seed=4, block=block)
    for padded in arrays["p"]:
        points = padded[np.isfinite(padded[:, 0])]
        apart = np.linalg.norm(points[:, None] - points[None], axis=-1)[~np.eye(len(points), dtype=bool)]
        assert apart.min() > 7 * (1 - 1e-6)
    np.testing.assert_array_equal(arrays["p"][17], recipe.render(indices=[17], seed=4)["p"][0])


def test_distances_drawn_for_each_copy_are_diameters_and_space_has_three_dimensions():
    size = sc.uniform(0.2, 0.6)
    scene = sphere(radius=size, z=sc.uniform(0, 3)).repeat(12, 2 * size, dimensions=3, pixel_size=0.1)
    table = sc.Recipe(t=sc.properties(scene, "x", "y", "z", "radius")).render(10, seed=4)["t"].astype(float)
    for x, y, z, r in np.moveaxis(table, -1, 1):
        place = np.stack([0.1 * x, 0.1 * y, z], axis=1)
        apart = np.linalg.norm(place[:, None] - place[None], axis=-1) + 10 * np.eye(12)
        assert (apart >= (r[:, None] + r[None]) * (1 - 1e-6)).all()
        assert (np.linalg.norm(place[:, None, :2] - place[None, :, :2], axis=-1) < r[:, None] + r[None]).sum() > 12


def test_where_copies_do_not_fit_there_is_an_error_or_fewer():
    def recipe(crowded):
        scene = sphere().repeat(30, min_distance=12, crowded=crowded, attempts=50)
        return sc.Recipe(p=sc.positions(scene), n=scene.count)

    with pytest.raises(
        sc.ParameterError, match=r"Repeat.min_distance: 12 px; copy \d+ of example 0 found no place in 50"
    ):
        recipe("error").render(2, seed=1)
    arrays = recipe("fewer").render(3, seed=1)
    assert (arrays["n"] == np.isfinite(arrays["p"]).all(axis=2).sum(axis=1)).all()
    assert arrays["n"].min() > 4 and arrays["n"].max() < 20
    assert sc.loads(recipe("fewer").canonical) == recipe("fewer")


def test_shared_draws_are_one_value_for_all_copies():
    index = sc.uniform(1.4, 1.6)
    scene = sphere(refractive_index=sc.shared(index), radius=sc.shared(sc.uniform(0.1, 0.2))).repeat(3)
    recipe = sc.Recipe(t=sc.properties(scene, "refractive_index", "radius", "x"), index=index)
    arrays = recipe.render(4, seed=1)
    assert (arrays["t"][:, :, 0] == arrays["index"][:, None]).all()
    assert (arrays["t"][:, :, 1] == arrays["t"][:, :1, 1]).all() and len(np.unique(arrays["t"][:, :, 2])) == 12
    assert sc.loads(recipe.canonical) == recipe


def test_scenes_mix_single_and_repeated_scatterers_and_points_follow_flips():
    few, one = sphere().repeat(sc.integers(0, 3)), sphere(x=3, y=4)
    flip = sc.FlipLeftRight(probability=1)
    scene = few + one
    arrays = sc.Recipe(image=scene >> MICROSCOPE, p=sc.positions(scene) >> flip).render(5, seed=1)
    assert arrays["p"].shape == (5, 3, 2)
    for points, count in zip(arrays["p"], arrays["p_count"], strict=True):
        assert np.isfinite(points[:count]).all() and np.isnan(points[count:]).all()
        np.testing.assert_allclose(points[count - 1], [4, 39 - 3])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sphere().repeat(sc.poisson(3)), "largest value is not known; give max_count"),
        (lambda: sphere().repeat(-1), "Repeat.count: -1; must be >= 0"),
        (lambda: sphere().repeat(2).repeat(2), "repeated already"),
        (lambda: sphere().repeat(2, 1.0, dimensions=3), "Repeat.pixel_size: None; needed for distances in 3-D"),
        (lambda: sphere().repeat(2, crowded="maybe"), "must be one of 'error', 'fewer'"),
        (lambda: sphere().repeat(2) + (sphere() >> MICROSCOPE), "arithmetic works on images"),
        (lambda: (sphere() + sphere()).count, "0 parts of the scene are repeated"),
        (lambda: sc.properties(sphere(), "mass"), "MieSphere has no 'mass' that is one number; it has x, y, radius"),
    ],
)  # fmt: skip
def test_what_cannot_be_repeated_is_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()


def test_a_draw_for_each_copy_cannot_be_one_for_the_example():
    particle = sphere()
    scene = particle.repeat(3)
    with pytest.raises(sc.RecipeError, match=r"radius is drawn for .*each copy of mie_sphere.*sc\.shared"):
        sc.Recipe(image=scene >> MICROSCOPE, radius=particle.radius)
    with pytest.raises(sc.RecipeError, match="drawn for each copy of mie_sphere and each copy of mie_sphere"):
        sc.Recipe(a=sc.positions(scene), b=sc.positions(particle.repeat(2)))
    with pytest.raises(sc.ParameterError, match=r"Repeat.count: \d in example \d; must be <= 3"):
        sc.Recipe(p=sc.positions(sphere().repeat(sc.integers(4, 6), max_count=3))).render(9, seed=1)


def test_points_may_lie_in_the_frame_of_a_microscope_that_images_nothing_else():
    elsewhere = sc.Brightfield(numerical_aperture=0.5, wavelength=0.5, pixel_size=sc.uniform(0.1, 0.2), shape=(9, 12))
    flip = sc.FlipLeftRight(probability=1)
    recipe = sc.Recipe(points=sc.positions(sphere(x=2, y=3), microscope=elsewhere) >> flip)
    np.testing.assert_array_equal(recipe.render(1, seed=1)["points"], [[3, 9]])
    assert sc.loads(recipe.canonical) == recipe


def test_the_count_beside_an_output_comes_with_it_and_no_other_does():
    scene = sphere().repeat(sc.integers(1, 3))
    recipe = sc.Recipe(p=sc.positions(scene), image=scene >> MICROSCOPE, image_count=sc.uniform(0, 1))
    assert list(recipe.render(1, seed=1, outputs=["image"])) == ["image"]
    assert list(recipe.render(1, seed=1, outputs=["p"])) == ["p", "p_count"]
    with pytest.raises(sc.RecipeError, match="'p_count': that name is taken by the count beside 'p'"):
        sc.Recipe(p=sc.positions(scene), p_count=3.0)
