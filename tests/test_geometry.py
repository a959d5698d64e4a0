"""Geometry of images, masks, fields and points in recipes: they go together, and where the formulas say."""

import numpy as np
import pytest
import scipy.ndimage
from reference import warp as literal

import simcore as sc
from simcore.features import Flow
from simcore.plan import plan

FRAME = (44, 50)


class Given(Flow):
    """The same array for every example, or a different one for each, as a flow."""

    def __init__(self, array, kind="image"):
        self.array, self.kind = np.asarray(array), kind
        self.shape, self.dtype = self.array.shape[1:], self.array.dtype

    @property
    def key(self):
        return ("given", id(self))

    def render(self, plan, arrays):
        return np.take(self.array, plan.lanes.examples.astype(int) % len(self.array), axis=0)


def applied(feature, array, count=None, seed=3, kind="image"):
    recipe = sc.Recipe(image=Given(array, kind) >> feature)
    return recipe.render(len(array) if count is None else count, seed=seed)["image"]


def texture(dtype=np.float64, shape=(3, *FRAME, 2)):
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


def sphere(x, y, z=0.0):
    return sc.MieSphere(x=x, y=y, z=z, radius=0.1, refractive_index=1.5)


def framed(scene, frame, **outputs):
    """A recipe in which a microscope that nobody renders gives the scene's positions their frame; and what to render."""
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=frame)
    return sc.Recipe(**outputs, unseen=scene >> microscope), list(outputs)


def spot_and_points(feature, frame=FRAME, count=12, width=1.5):
    """Gaussian spots at drawn places, and those places, after the feature; with the places before it, and the recipe."""
    y, x = (sc.uniform(0.35 * size, 0.65 * size) for size in frame)
    particle = sphere(x, y)
    recipe, outputs = framed(particle, frame, points=sc.positions(particle))
    before = recipe.render(count, seed=8, outputs=outputs)["points"].astype(float)
    row, column = np.mgrid[: frame[0], : frame[1]]
    apart = (row - before[:, 0, None, None]) ** 2 + (column - before[:, 1, None, None]) ** 2
    spots = Given(np.exp(-0.5 * apart / width**2)[..., None])
    mask = Given(apart[..., None] < 9)
    recipe, outputs = framed(
        particle, frame, points=sc.positions(particle) >> feature, image=spots >> feature, mask=mask >> feature
    )
    return before, recipe.render(count, seed=8, outputs=outputs), recipe


def centres(images):
    images = np.asarray(images, float)[..., 0]
    return np.array([scipy.ndimage.center_of_mass(image) for image in images])


DRAWN = {"scale_x": sc.uniform(0.8, 1.2), "scale_y": sc.uniform(0.8, 1.2), "shear": sc.uniform(-0.35, 0.35),
         "rotation": sc.uniform(-0.7, 0.7), "translation_x": sc.uniform(-3, 3), "translation_y": sc.uniform(-3, 3)}  # fmt: skip


# -- the affine map ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("fill", ["constant", "reflect", "nearest"])
def test_affine_is_the_documented_matrix(order, fill):
    settings = {"scale": (1.21, 0.83), "shear": 0.3, "rotation": -0.41, "translation": (2.3, -1.7)}
    feature = sc.Affine(scale_x=1.21, scale_y=0.83, shear=0.3, rotation=-0.41, translation_x=2.3, translation_y=-1.7,
                        order=order, fill=fill, value=0.6)  # fmt: skip
    image = texture(shape=(2, 15, 21, 2))
    matrix = np.linalg.inv(literal.affine_matrix((15, 21), **settings))
    y, x = np.mgrid[:15, :21]
    from_x, from_y = (matrix[i, 0] * x + matrix[i, 1] * y + matrix[i, 2] for i in (0, 1))
    for got, given in zip(applied(feature, image), image, strict=True):
        np.testing.assert_allclose(got, literal.warp(given, from_y, from_x, order, fill, 0.6), rtol=0, atol=1e-12)


def test_affine_as_scipys():
    feature = sc.Affine(scale_x=0.9, scale_y=1.1, shear=0.2, rotation=0.5, translation_x=1.25)
    image = texture(shape=(1, *FRAME, 1))
    forward = literal.affine_matrix(FRAME, (0.9, 1.1), 0.2, 0.5, (1.25, 0))
    matrix = np.linalg.inv(forward)[[1, 0, 2]][:, [1, 0, 2]]  # y first
    expected = scipy.ndimage.affine_transform(image[0, ..., 0], matrix, order=1, mode="grid-constant")
    np.testing.assert_allclose(applied(feature, image)[0, ..., 0], expected, rtol=0, atol=1e-12)


def test_signs():
    image = np.zeros((1, 21, 21, 1))
    image[0, 10, 16] = 1  # 6 px to the right of the centre
    np.testing.assert_allclose(centres(applied(sc.Affine(rotation=np.pi / 2), image)), [[16, 10]], atol=1e-9)
    np.testing.assert_allclose(centres(applied(sc.Affine(translation_y=2.5), image)), [[12.5, 16]], atol=1e-9)
    image = image.transpose(0, 2, 1, 3).copy()  # 6 px below it
    np.testing.assert_allclose(centres(applied(sc.Affine(shear=np.pi / 4), image)), [[16, 16]], atol=1e-9)
    np.testing.assert_allclose(
        applied(sc.Affine(rotation=np.pi / 2), image), applied(sc.QuarterTurn(1), image), atol=1e-9
    )


def test_points_of_the_affine_map_are_exact_in_and_out_of_the_frame():
    v = {"scale": (1.3, 0.7), "shear": -0.2, "rotation": 1.1, "translation": (30.0, -4.5)}
    feature = sc.Affine(scale_x=1.3, scale_y=0.7, shear=-0.2, rotation=1.1, translation_x=30, translation_y=-4.5)
    before, after, _ = spot_and_points(feature)
    matrix = literal.affine_matrix(FRAME, **v)
    expected = np.column_stack([before[:, ::-1], np.ones(len(before))]) @ matrix.T
    np.testing.assert_allclose(after["points"], expected[:, 1::-1], rtol=3e-7, atol=0)


@pytest.mark.parametrize("name", ["affine", "elastic", "turn"])
def test_spots_go_where_their_points_go(name):
    """An elastic map is straight only near a point: the centre of a spot, wider, follows it less exactly (see the next)."""
    feature, frame, width, tolerance = {
        "affine": (sc.Affine(**DRAWN, order=3), FRAME, 2.5, 2e-3),
        "elastic": (sc.Elastic(alpha=sc.uniform(30, 80), sigma=sc.uniform(8, 9), order=3), FRAME, 0.7, 0.1),
        "turn": (sc.QuarterTurn(sc.integers(-4, 8)), (44, 44), 1.5, 1e-5),
    }[name]
    before, after, _ = spot_and_points(feature, frame, width=width)
    assert np.abs(after["points"] - before).max() > 1
    np.testing.assert_allclose(centres(after["image"]), after["points"], rtol=0, atol=tolerance)
    assert after["mask"].dtype == bool
    np.testing.assert_allclose(centres(after["mask"]), after["points"], rtol=0, atol=0.6)


@pytest.mark.parametrize(
    "feature",
    [sc.Elastic(alpha=sc.uniform(0, 40), sigma=sc.uniform(5, 7)), sc.Affine(**DRAWN)],
    ids=["elastic", "affine"],
)
def test_at_a_moved_point_the_image_shows_what_was_at_the_point(feature):
    """An image whose channels are y and x, read between its pixels where a point has gone, gives where it came from."""
    ramps = Given(np.moveaxis(np.mgrid[: FRAME[0], : FRAME[1]], 0, -1)[None].astype(float))
    particle = sphere(sc.uniform(15, 35), sc.uniform(15, 29))
    points = sc.positions(particle)
    recipe, outputs = framed(particle, FRAME, before=points, after=points >> feature, image=ramps >> feature)
    v = recipe.render(100, seed=5, outputs=outputs)
    for before, after, image in zip(v["before"], v["after"], v["image"], strict=True):
        shown = [scipy.ndimage.map_coordinates(image[..., c], after[:, None], order=3)[0] for c in (0, 1)]
        np.testing.assert_allclose(shown, before, rtol=0, atol=1e-3)


def test_several_points_and_heights_and_shares():
    """Points with z first, several particles, and a map that happens in some examples: image and points agree on which."""
    scene = sphere(0, sc.uniform(0, 20), 0.5) + sphere(10, sc.uniform(0, 20), 0.5) + sphere(20, sc.uniform(0, 20), 0.5)
    for feature in (sc.Affine(rotation=0.3, probability=0.5), sc.Elastic(alpha=40, sigma=4, probability=0.5)):
        points, image = sc.positions(scene, axes="zyx"), Given(texture(shape=(1, 20, 30, 1)))
        recipe, outputs = framed(
            scene, (20, 30), before=points, after=points >> feature, image=image >> feature, plain=image
        )
        arrays = recipe.render(40, seed=2, outputs=outputs)
        np.testing.assert_array_equal(arrays["after"][..., 0], arrays["before"][..., 0])
        moved = (arrays["after"] != arrays["before"]).any((1, 2))
        np.testing.assert_array_equal(moved, (arrays["image"] != arrays["plain"]).any((1, 2, 3)))
        assert 8 < moved.sum() < 32


def test_a_varying_number_of_particles():
    """What is padded stays so, and the others move as they do alone."""
    scene = sphere(sc.uniform(0, 49), sc.uniform(0, 43)).repeat(sc.integers(0, 5))
    for feature in (sc.Affine(**DRAWN), sc.Elastic(alpha=30, sigma=4), sc.FlipUpDown(), sc.Crop((20, 20))):
        points = sc.positions(scene)
        recipe, outputs = framed(scene, FRAME, before=points, after=points >> feature)
        arrays = recipe.render(20, seed=2, outputs=outputs)
        there = (
            np.arange(4) < arrays["after_count"][:, None]
            if "after_count" in arrays
            else ~np.isnan(arrays["before"][..., 0])
        )
        assert 10 < there.sum() < 70
        np.testing.assert_array_equal(np.isfinite(arrays["after"]), np.stack([there, there], -1))
        assert (arrays["after"] != arrays["before"])[there].any()


@pytest.mark.parametrize(
    "dtype", [np.float32, np.complex64, np.complex128, np.uint8, np.uint16, np.int32, np.int64, np.bool_]
)
def test_every_type_and_fields_keep_type_and_shape(dtype):
    values = np.random.default_rng(1).integers(0, 2, (2, 12, 12, 5)).astype(dtype)
    if values.dtype.kind == "c":
        values = values + 1j * values[::-1]
    double = values.astype(complex)
    kind = "field" if values.dtype.kind == "c" else "image"
    for feature in (
        sc.Affine(**DRAWN), sc.Elastic(alpha=20, sigma=4), sc.QuarterTurn(sc.integers(0, 4)), sc.FlipLeftRight(),
        sc.Crop((5, 6)), sc.Pad(top=3, fill="reflect"), sc.CropToMultiple(5), sc.PadToMultiple(8),
    ):  # fmt: skip
        flow = Given(values.astype(dtype), kind) >> feature
        assert flow.kind == kind and flow.dtype == dtype
        recipe = sc.Recipe(image=flow) if kind == "image" else None
        if recipe is None:
            continue
        got = recipe.render(2, seed=3)["image"]
        assert got.dtype == dtype and got.shape[1:] == flow.shape
    if kind == "field":
        np.testing.assert_allclose(applied(sc.Affine(rotation=0.3, value=1), values.astype(dtype)),
                                   applied(sc.Affine(rotation=0.3, value=1), double), rtol=0, atol=2e-6)  # fmt: skip


# -- the elastic map -----------------------------------------------------------------------------------------------------


def test_elastic_takes_pixels_from_where_its_displacement_says():
    feature = sc.Elastic(alpha=sc.uniform(5, 40), sigma=sc.uniform(3, 6), fill="nearest")
    recipe = sc.Recipe(image=Given(texture()) >> feature)
    got = recipe.render(3, seed=4)["image"]
    field = feature.displacement(plan(recipe, 4, np.arange(3), ["image"]), FRAME)
    for i in range(3):
        where = np.mgrid[: FRAME[0], : FRAME[1]] + field[i].astype(float)
        for c in range(2):
            expected = scipy.ndimage.map_coordinates(texture()[i, ..., c], where, order=1, mode="nearest")
            np.testing.assert_allclose(got[i, ..., c], expected, rtol=0, atol=1e-12)
    assert np.abs(field).max() > 0.5


def test_image_and_mask_are_deformed_alike_and_another_elastic_differs():
    one, other = sc.Elastic(alpha=40, sigma=4), sc.Elastic(alpha=40, sigma=4)
    image = Given((texture(shape=(1, *FRAME, 1)) > 0).astype(float))
    mask = Given(image.array > 0.5)
    arrays = sc.Recipe(image=image >> one, mask=mask >> one, again=image >> one >> other, alone=image >> other).render(
        2, seed=1
    )
    sure = np.abs(arrays["image"] - 0.5) > 0.49  # all pixels around are alike
    np.testing.assert_array_equal(arrays["mask"][sure], arrays["image"][sure] > 0.5)
    assert sure.mean() > 0.1
    assert (arrays["image"] != arrays["alone"]).any() and (arrays["image"][0] != arrays["image"][1]).any()


def test_all_frames_of_a_movie_are_moved_alike():
    """The map is one for the movie: what stands still stays so."""
    elastic, affine = sc.Elastic(alpha=60, sigma=7), sc.Affine(rotation=sc.uniform(-3, 3))
    movie = sc.Movie(frames=4, interval=1)
    particle = sphere(25, 20)
    blank = Given(texture(shape=(1, *FRAME, 1)))
    outputs = {}
    for name, feature in (("elastic", elastic), ("affine", affine)):
        outputs[name] = blank >> feature >> movie
        outputs[f"{name}_points"] = sc.positions(particle) >> feature >> movie
    recipe, names = framed(particle, FRAME, **outputs)
    arrays = recipe.render(3, seed=1, outputs=names)
    for name in names:
        assert arrays[name].shape[:2] == (3, 4)
        np.testing.assert_array_equal(arrays[name], arrays[name][:, :1].repeat(4, axis=1))
        assert (arrays[name][0] != arrays[name][1]).any()


# -- crops, pads, turns --------------------------------------------------------------------------------------------------


def test_crops_as_slices():
    image = texture(np.float32, (4, 20, 31, 2))
    np.testing.assert_array_equal(applied(sc.Crop((8, 9), y=3, x=11), image), image[:, 3:11, 11:20])
    np.testing.assert_array_equal(applied(sc.Crop((8, 9)), image), image[:, 6:14, 11:20])
    np.testing.assert_array_equal(applied(sc.Crop((20, 30)), image), image[:, :, :30])
    np.testing.assert_array_equal(applied(sc.CropToMultiple(8), image), image[:, 2:18, 3:27])
    np.testing.assert_array_equal(applied(sc.CropToMultiple((20, 10)), image), image[:, :, :30])
    y, x = sc.integers(0, 13), sc.integers(0, 23)
    recipe = sc.Recipe(image=Given(image) >> sc.Crop((8, 9), y=y, x=x), y=y, x=x)
    arrays = recipe.render(40, seed=3)
    assert len(set(arrays["y"])) == 13
    for i in range(40):
        top, left = arrays["y"][i], arrays["x"][i]
        np.testing.assert_array_equal(arrays["image"][i], image[i % 4, top : top + 8, left : left + 9])


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.uint8, np.bool_])
def test_pads_as_numpys(dtype):
    image = (texture(shape=(3, 5, 7, 2)) * 10).astype(dtype)
    value = 0 if np.dtype(dtype).kind in "biu" else 1.5
    for fill, mode, more in (
        ("constant", "constant", {"constant_values": value}), ("reflect", "symmetric", {}), ("nearest", "edge", {}),
    ):  # fmt: skip
        settings = {"fill": fill, "value": 1.5}
        got = applied(sc.Pad(top=1, bottom=12, left=17, right=3, **settings), image)
        np.testing.assert_array_equal(got, np.pad(image, [(0, 0), (1, 12), (17, 3), (0, 0)], mode, **more))
        got = applied(sc.Pad(shape=(8, 8), **settings), image)
        np.testing.assert_array_equal(got, np.pad(image, [(0, 0), (1, 2), (0, 1), (0, 0)], mode, **more))
        got = applied(sc.PadToMultiple((5, 4), **settings), image)
        np.testing.assert_array_equal(got, np.pad(image, [(0, 0), (0, 0), (0, 1), (0, 0)], mode, **more))


def test_pad_undoes_crop_about_the_centre():
    for small in ((6, 7), (7, 6), (5, 5), (8, 9)):
        image = texture(shape=(1, *small, 1))
        np.testing.assert_array_equal(applied(sc.Crop(small), applied(sc.Pad(shape=(11, 12)), image)), image)


def test_quarter_turns_as_numpys():
    image = texture(np.float32, (3, 9, 9, 2))
    for times in range(-5, 6):
        np.testing.assert_array_equal(applied(sc.QuarterTurn(times), image), np.rot90(image, -times, (1, 2)))


@pytest.mark.parametrize(
    "feature",
    [
        sc.Crop((30, 40)),
        sc.Crop((30, 40), y=sc.integers(0, 15), x=sc.integers(0, 11)),
        sc.CropToMultiple((20, 32)),
        sc.Pad(top=3, left=8, bottom=1),
        sc.Pad(shape=(70, 71)),
        sc.PadToMultiple(16),
        sc.QuarterTurn(sc.integers(0, 4)),
    ],
    ids=lambda feature: feature.title(),
)
def test_points_stay_on_their_spots(feature):
    frame = (44, 44) if isinstance(feature, sc.QuarterTurn) else FRAME
    _, after, recipe = spot_and_points(feature, frame)
    brightest = [np.unravel_index(np.argmax(image[..., 0]), image.shape[:2]) for image in after["image"]]
    np.testing.assert_allclose(np.array(brightest), after["points"], rtol=0, atol=0.5 + 1e-5)
    assert recipe.outputs["points"].attributes["frame"] == list(after["image"].shape[1:3])


def test_the_frame_travels_through_a_chain():
    """Flips after a crop are about the centre of the crop."""
    flip, crop = sc.FlipLeftRight(probability=1), sc.Crop((24, 26), y=2, x=14)
    for chain in ([crop, flip], [flip, crop], [sc.Pad(left=7), sc.Affine(rotation=0.5), crop, flip]):

        def through(flow, chain=chain):
            for feature in chain:
                flow = flow >> feature
            return flow

        particle = sphere(22, 12)
        row, column = np.mgrid[: FRAME[0], : FRAME[1]]
        spot = Given(np.exp(-0.5 * ((row - 12) ** 2 + (column - 22) ** 2) / 1.2**2)[None, ..., None])
        recipe, outputs = framed(particle, FRAME, points=through(sc.positions(particle)), image=through(spot))
        arrays = recipe.render(1, seed=1, outputs=outputs)
        np.testing.assert_allclose(centres(arrays["image"]), arrays["points"], rtol=0, atol=0.02)


# -- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (lambda: sc.Crop((60, 10)), r"Crop\.shape: 60 x 10 px; the image has 44 x 50"),
        (lambda: sc.Crop((40, 10), y=5), r"Crop\.y: can be 5 px; must be <= 4, for the image has 44"),
        (lambda: sc.Crop((40, 10), x=sc.integers(0, 99)), r"Crop\.x: can be 98 px; must be <= 40"),
        (lambda: sc.CropToMultiple(64), r"CropToMultiple\.multiple: 64 x 64 px; the image has 44 x 50"),
        (lambda: sc.Pad(shape=(50, 49)), r"Pad\.shape: 50 x 49 px; the image has 44 x 50"),
        (lambda: sc.QuarterTurn(2), "QuarterTurn takes square images; not of 44 x 50 pixels"),
        (sc.Transpose, "Transpose takes square images; not of 44 x 50 pixels"),
    ],
)
def test_what_does_not_fit_the_image_is_refused_when_built(feature, message):
    with pytest.raises(sc.RecipeError, match=message):
        Given(texture()) >> feature()
    particle = sc.MieSphere(x=1, y=1, radius=0.1, refractive_index=1.5)
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=FRAME)
    with pytest.raises(sc.RecipeError, match=message):
        sc.Recipe(points=sc.positions(particle, microscope=microscope) >> feature())


def test_wrong_settings_are_refused():
    for build, message in (
        (lambda: sc.Affine(order=2), r"Affine\.order: 2; must be 0 .*1 .*3"),
        (lambda: sc.Affine(fill="wrap"), r"Affine\.fill: 'wrap'; must be one of 'constant', 'reflect', 'nearest'"),
        (lambda: sc.Affine(scale_x=0), r"Affine\.scale_x: 0; must be > 0"),
        (lambda: sc.Affine(rotation="a lot"), r"Affine\.rotation: 'a lot'; must be a number in rad"),
        (lambda: sc.Elastic(alpha=-1, sigma=1), r"Elastic\.alpha: -1 px; must be >= 0"),
        (lambda: sc.Crop((5, 5), y=1.5), r"Crop\.y: 1\.5 px; must be a whole number >= 0"),
        (lambda: sc.QuarterTurn(0.5), r"QuarterTurn\.times: 0\.5; must be a whole number"),
        (lambda: sc.Pad(top=-1), r"Pad\.top: -1 px; must be a whole number from 0 to 65536"),
        (lambda: sc.Pad(top=1, shape=(9, 9)), r"Pad: give either shape or top"),
        (lambda: sc.PadToMultiple(0), r"PadToMultiple\.multiple: .*whole numbers from 1"),
    ):
        with pytest.raises(sc.ParameterError, match=message):
            build()
    with pytest.raises(sc.RecipeError, match="Affine takes images of float32, .*; not float16"):
        Given(texture(np.float16)) >> sc.Affine()
    far = sc.Crop((40, 10), y=np.floor(sc.uniform(5, 9)))  # of which nothing is known before it is drawn
    with pytest.raises(sc.ParameterError, match=r"Crop\.y: \d px in example 0; must be <= 4"):
        applied(far, texture(), 1)


def test_settings_survive_text():
    particle = sc.MieSphere(x=1, y=1, radius=0.1, refractive_index=1.5)
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=FRAME)
    flow = particle >> microscope
    for feature in (
        sc.Affine(order=3, fill="reflect", rotation=sc.uniform(0, 1)), sc.Crop((8, 9), x=sc.integers(0, 4)),
        sc.Pad(shape=(60, 61)),        sc.Pad(left=3, value=1), sc.Crop((60, 60), y=0), sc.QuarterTurn(sc.integers(0, 4)),
        sc.CropToMultiple(16), sc.PadToMultiple((7, 64), fill="nearest"),
    ):  # fmt: skip
        flow = flow >> feature
    recipe = sc.Recipe(image=flow)
    assert sc.loads(recipe.canonical) == recipe
    space: dict = {}
    exec(recipe.to_python(), space)
    assert space["recipe"] == recipe
    drawn = "rotation=uniform(0, 1)"
    assert drawn in recipe.canonical
    assert "rotation=0.349" in sc.loads(recipe.canonical.replace(drawn, 'rotation="20 deg"')).canonical
