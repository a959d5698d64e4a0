"""Truths of particles beside their positions: tracks, photons, localization bounds, boxes."""

import numpy as np
import pytest

import simcore as sc

MICROSCOPE = sc.Fluorescence(numerical_aperture=0.8, wavelength=0.5, pixel_size=0.1, shape=(24, 28))


def emitter(**changes):
    usual = {"x": sc.uniform(6, 20), "y": sc.uniform(6, 18), "intensity": sc.uniform(500, 2000)}
    return sc.PointEmitter(**(usual | changes))


def test_tracks_keep_the_numbers_of_the_particles():
    moving = emitter(x=sc.brownian(sc.uniform(6, 20), 0.2, 0.1)).repeat(sc.integers(1, 4))
    flip, movie = sc.FlipLeftRight(), sc.Movie(frames=3, interval=0.1)
    recipe = sc.Recipe(
        video=moving >> MICROSCOPE >> flip >> movie,
        tracks=sc.tracks(moving, axes="zyx") >> flip >> movie,
        p=sc.positions(moving) >> flip >> movie,
    )
    arrays = recipe.render(6, seed=1)
    assert arrays["tracks"].shape == (6, 3, 3, 4) and recipe.outputs["tracks"].attributes["axes"] == [
        "id",
        "z",
        "y",
        "x",
    ]
    np.testing.assert_array_equal(arrays["tracks"][..., 2:], arrays["p"])
    for tracks, count in zip(arrays["tracks"], arrays["tracks_count"], strict=True):
        np.testing.assert_array_equal(tracks[:, :count, 0], np.tile(np.arange(count), (3, 1)))
        assert np.isnan(tracks[:, count:]).all()
    assert sc.loads(recipe.canonical) == recipe


def test_photons_are_those_that_the_image_holds():
    wide = sc.Fluorescence(numerical_aperture=0.8, wavelength=0.5, pixel_size=0.1, shape=(96, 96), tolerance=1e-5)
    lone = emitter(x=48, y=47)
    arrays = sc.Recipe(n=sc.photons(lone), image=lone >> wide).render(3, seed=1)
    assert arrays["n"].shape == (3, 1)
    np.testing.assert_allclose(arrays["image"].sum((1, 2, 3)) / arrays["n"][:, 0], 1, atol=0.06)
    ball = sc.Sphere(x=48, y=47, radius=sc.uniform(0.5, 1), intensity=30)
    n = sc.Recipe(n=sc.photons(ball), r=ball.radius).render(2, seed=1)
    np.testing.assert_allclose(n["n"][:, 0], 4 / 3 * np.pi * n["r"] ** 3 * 30, rtol=1e-6)


def test_bounds_of_a_scene_are_those_of_its_emitters():
    aperture = sc.uniform(0.7, 0.9)
    microscope = sc.Fluorescence(numerical_aperture=aperture, wavelength=0.5, pixel_size=0.1, shape=(24, 28))
    scene = emitter(z=sc.normal(0, 0.3)).repeat(sc.integers(1, 4))
    recipe = sc.Recipe(
        image=scene >> microscope,
        bound=sc.bounds(scene, microscope, background=3),
        p=sc.properties(scene, "x", "y", "z", "intensity"),
        aperture=aperture,
    )
    arrays = recipe.render(3, seed=2)
    for bound, table, count, na in zip(
        arrays["bound"], arrays["p"], arrays["p_count"], arrays["aperture"], strict=True
    ):
        alike = sc.Fluorescence(numerical_aperture=float(na), wavelength=0.5, pixel_size=0.1, shape=(24, 28))
        x, y, z, intensity = table[:count].astype(float).T
        wanted = sc.emitter_bounds(alike, x=x, y=y, z=z, intensity=intensity, background=3)
        np.testing.assert_allclose(bound[:count], np.stack(wanted, axis=1), rtol=2e-3)
        assert np.isnan(bound[count:]).all()
    assert sc.loads(recipe.canonical) == recipe
    dark = emitter(intensity=0)
    assert np.isinf(sc.Recipe(b=sc.bounds(dark, MICROSCOPE)).render(1, seed=1)["b"]).all()


@pytest.mark.parametrize(
    "move",
    [
        sc.FlipLeftRight(probability=1),
        sc.FlipUpDown(probability=1),
        sc.Crop(shape=(20, 22), y=3, x=4),
        sc.Pad(top=2, left=5),
    ],
)
def test_boxes_move_with_the_mask(move):
    ball = sc.Sphere(x=sc.uniform(10, 18), y=sc.uniform(10, 14), radius=0.4)
    mask = sc.InstanceMask(pixel_size=0.1, shape=(24, 28))
    recipe = sc.Recipe(mask=ball >> mask >> move, box=sc.boxes(ball, mask) >> move)
    arrays = recipe.render(4, seed=1)
    for picture, (y0, x0, y1, x1) in zip(arrays["mask"][..., 0], arrays["box"], strict=True):
        rows, columns = np.nonzero(picture.any(1))[0], np.nonzero(picture.any(0))[0]
        np.testing.assert_allclose([y0, x0, y1, x1], [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1])
    assert sc.loads(recipe.canonical) == recipe


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.photons(sc.MieSphere(x=1, y=1, radius=1, refractive_index=1.5)), "MieSphere emits no light"),
        (lambda: sc.bounds(sc.Sphere(x=1, y=1, radius=1), MICROSCOPE), "Sphere is no point emitter"),
        (lambda: sc.bounds(emitter(), 3), "must be a Fluorescence microscope"),
        (lambda: sc.tracks(emitter(), axes="xy"), "tracks.axes: 'xy'"),
        (lambda: sc.boxes(emitter(), MICROSCOPE), "PointEmitter has none"),
    ],
)  # fmt: skip
def test_truths_that_cannot_be_are_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()
