"""Operations on images against SciPy, NumPy and literal sums."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from given import given, pictures, rendered, rendered_field
from scipy import ndimage

import simcore as sc
from simcore.operations.sizes import axis_weights

ODD_SHAPES = [(1, 1, 1), (2, 3, 1), (12, 17, 1), (40, 35, 3)]


def tolerance(dtype: type) -> float:
    return 1e-12 if np.dtype(dtype).itemsize >= 8 and dtype != np.complex64 else 4e-7


# --- intensities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clip(dtype):
    images = pictures(3, 9, 8, 2, dtype)
    low, high = dtype(0.3), dtype(1.2)
    np.testing.assert_array_equal(rendered(images, sc.Clip(low, high)), np.clip(images, low, high))
    np.testing.assert_array_equal(rendered(images, sc.Clip()), np.maximum(images, 0))
    np.testing.assert_array_equal(rendered(images, sc.Clip(minimum=None, maximum=0.5)), np.minimum(images, dtype(0.5)))
    with pytest.raises(sc.ParameterError, match=r"Clip.minimum: 2 in example 0; must be <= maximum, 1"):
        rendered(images, sc.Clip(2, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", ODD_SHAPES)
def test_normalize_standard(dtype, shape):
    images = (50 + 7 * pictures(4, *shape)).astype(dtype)
    source = images.astype(float)
    mean, deviation = source.mean((1, 2, 3), keepdims=True), source.std((1, 2, 3), keepdims=True)
    expected = np.divide(source - mean, deviation, out=np.zeros_like(source), where=deviation > 0)
    np.testing.assert_allclose(
        rendered(images, sc.NormalizeStandard()), expected, rtol=0, atol=20 * np.finfo(dtype).eps
    )


def test_normalize_standard_of_a_constant_image_is_nothing():
    np.testing.assert_array_equal(rendered(np.full((2, 7, 9, 1), 0.1), sc.NormalizeStandard()), 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.01, 0.99), (0.2537, 0.71)])
@pytest.mark.parametrize("shape", ODD_SHAPES)
def test_normalize_quantile(dtype, low, high, shape):
    images = pictures(3, *shape, dtype)
    source = images.astype(float)
    a, b = np.quantile(source, [low, high], axis=(1, 2, 3), keepdims=True)
    expected = np.divide(source - a, b - a, out=np.zeros_like(source), where=b > a)
    atol = 200 * np.finfo(dtype).eps
    np.testing.assert_allclose(rendered(images, sc.NormalizeQuantile(low, high)), expected, rtol=0, atol=atol)


def test_normalize_quantile_refuses_an_order_that_cannot_be():
    with pytest.raises(sc.ParameterError, match=r"NormalizeQuantile.low: 0.6 in example 0; must be < high, 0.5"):
        rendered(pictures(1, 4, 4), sc.NormalizeQuantile(0.6, 0.5))


def test_grayscale():
    images = pictures(3, 5, 6, 3)
    np.testing.assert_allclose(rendered(images, sc.Grayscale()), images.mean(-1, keepdims=True), rtol=1e-14)
    weighted = rendered(images, sc.Grayscale(weights=(0.2126, 0.7152, 0.0722)))
    np.testing.assert_allclose(weighted[..., 0], images @ [0.2126, 0.7152, 0.0722], rtol=1e-13)
    with pytest.raises(sc.RecipeError, match=r"Grayscale.weights: 2 for an image of 3 channels"):
        given(images) >> sc.Grayscale(weights=[1, 2])
    for wrong in ("abc", [], [np.nan], ["a"], 3.0):
        with pytest.raises(sc.ParameterError, match="Grayscale.weights"):
            sc.Grayscale(weights=wrong)


# --- blurs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("shape", ODD_SHAPES)
@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 4.2, 30.0])
def test_gaussian_blur(dtype, shape, sigma):
    """SciPy's kernel, delta-sampled too, taken out to 10 sigma; "reflect" there is the reflection about the edge."""
    images = pictures(2, *shape, dtype)
    expected = ndimage.gaussian_filter(
        images.astype(np.result_type(dtype, np.float64)), sigma, truncate=10, axes=(1, 2)
    )
    got = rendered_field(images, sc.GaussianBlur(sigma)) if np.dtype(dtype).kind == "c" else None
    got = rendered(images, sc.GaussianBlur(sigma)) if got is None else got
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_each_image_has_its_own_blur():
    images, sigma = pictures(6, 20, 21), sc.uniform(0.1, 5)
    recipe = sc.Recipe(image=given(images) >> sc.GaussianBlur(sigma), sigma=sigma)
    arrays = recipe.render(6, seed=1)
    for i in range(6):
        alone = rendered(images[i : i + 1], sc.GaussianBlur(float(arrays["sigma"][i])))
        np.testing.assert_allclose(arrays["image"][i], alone[0], rtol=0, atol=1e-6)
        np.testing.assert_array_equal(recipe.render(indices=[i], seed=1)["image"][0], arrays["image"][i])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", ODD_SHAPES)
@pytest.mark.parametrize("size", [1, 3, 9])
def test_mean_blur(dtype, shape, size):
    images = pictures(2, *shape, dtype)
    expected = ndimage.uniform_filter(images.astype(np.result_type(dtype, np.float64)), size, axes=(1, 2))
    complex_valued = np.dtype(dtype).kind == "c"
    got = (rendered_field if complex_valued else rendered)(images, sc.MeanBlur(size))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance(dtype) * 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int32, bool])
@pytest.mark.parametrize("shape", [*ODD_SHAPES, (5, 70, 1)])
@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_median_blur(dtype, shape, size):
    images = (20 * pictures(2, *shape)).clip(0).astype(dtype)
    got = rendered(images, sc.MedianBlur(size))
    expected = ndimage.median_filter(images.astype(float), size, axes=(1, 2))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected.astype(dtype))


def test_blurs_refuse_windows_without_a_middle():
    for feature in (sc.MeanBlur, sc.MedianBlur):
        for wrong in (0, 2, 2.5, "3", True):
            with pytest.raises(sc.ParameterError, match=rf"{feature.__name__}.size: .*; must be an odd number from 1"):
                feature(wrong)


# --- sizes ---------------------------------------------------------------------------------------------------------

POOLS = {sc.MeanPool: np.mean, sc.SumPool: np.sum, sc.MaxPool: np.max, sc.MinPool: np.min}


@pytest.mark.parametrize("feature", POOLS)
@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, bool])
def test_pools(feature, size, dtype):
    images = (20 * pictures(3, 2 * size, 3 * size, 2)).clip(0).astype(dtype)
    got = rendered(images, feature(size))
    blocks = images.reshape(3, 2, size, 3, size, 2)
    expected = POOLS[feature](blocks.astype(float), axis=(2, 4))
    assert got.dtype == (dtype if feature in (sc.MaxPool, sc.MinPool) or np.dtype(dtype).kind == "f" else np.float32)
    np.testing.assert_allclose(got, expected, rtol=4e-7 if np.dtype(dtype).itemsize < 8 else 1e-12)


def test_pools_of_fields():
    fields = pictures(2, 4, 6, 2, np.complex64)
    blocks = fields.reshape(2, 2, 2, 3, 2, 2)
    np.testing.assert_allclose(rendered_field(fields, sc.MeanPool(2)), blocks.mean((2, 4)), rtol=0, atol=1e-6)
    with pytest.raises(sc.RecipeError, match="MaxPool takes an image or points"):
        given(fields) >> sc.MaxPool(2)


def test_pools_refuse_what_they_do_not_divide():
    with pytest.raises(sc.RecipeError, match=r"MeanPool of size 2 takes .* multiples of 2; not of 4 x 5 pixels"):
        given(pictures(1, 4, 5)) >> sc.MeanPool(2)


def literal_area(signal: np.ndarray, new: int) -> np.ndarray:
    """The mean over each new pixel of the function that is constant on each old one, by a common subdivision."""
    old = len(signal)
    fine = np.repeat(signal, new, axis=0)  # cells of 1 / new of an old pixel
    return fine.reshape(new, old, *signal.shape[1:]).mean(axis=1)


def literal_interpolation(signal: np.ndarray, new: int, kind: str) -> np.ndarray:
    """Each new pixel's centre between the old ones', outermost pixels repeated."""
    old = len(signal)
    result = []
    for i in range(new):
        position = (i + 0.5) * old / new - 0.5
        total = 0.0
        for pixel in range(math.floor(position) - 2, math.floor(position) + 4):
            t = abs(position - pixel)
            if kind == "linear":
                share = max(0.0, 1 - t)
            else:
                share = (
                    1.5 * t**3 - 2.5 * t**2 + 1 if t <= 1 else -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2 if t < 2 else 0.0
                )
            total = total + share * signal[min(max(pixel, 0), old - 1)]
        result.append(total)
    return np.array(result)


@pytest.mark.parametrize("kind", ["linear", "cubic"])
@pytest.mark.parametrize(
    ("old", "new"), list(itertools.product([(1, 1), (7, 5), (12, 16)], [(1, 1), (5, 9), (12, 3), (31, 20)]))
)
def test_resize(kind, old, new):
    images = pictures(2, *old, 2)
    expected = images
    for axis in (1, 2):
        length, wanted = old[axis - 1], new[axis - 1]
        moved = np.moveaxis(expected, axis, 0)
        scaled = literal_area(moved, wanted) if wanted < length else literal_interpolation(moved, wanted, kind)
        expected = np.moveaxis(scaled, 0, axis)
    np.testing.assert_allclose(rendered(images, sc.Resize(new, kind)), expected, rtol=0, atol=1e-13)


def test_resize_weighs_every_pixel_once():
    """Shares add up to 1; to half the size is the mean of pairs; the same size changes nothing."""
    for old, new, kind in itertools.product([3, 8, 51], [2, 8, 33, 100], ["linear", "cubic"]):
        np.testing.assert_allclose(axis_weights(old, new, kind).weight.sum(axis=1), 1, rtol=1e-14)
    images = pictures(2, 8, 6)
    np.testing.assert_allclose(rendered(images, sc.Resize((4, 3))), rendered(images, sc.MeanPool(2)), rtol=1e-14)
    np.testing.assert_array_equal(rendered(images, sc.Resize((8, 6), "cubic")), images)


def test_resize_to_the_nearest_keeps_labels():
    labels = np.arange(2 * 7 * 5).reshape(2, 7, 5, 1).astype(np.int32)
    got = rendered(labels, sc.Resize((4, 11), "nearest"))
    rows = [math.floor((Fraction(2 * i + 1, 2)) * 7 / 4) for i in range(4)]
    columns = [math.floor((Fraction(2 * i + 1, 2)) * 5 / 11) for i in range(11)]
    assert got.dtype == np.int32
    np.testing.assert_array_equal(got, labels[:, rows][:, :, columns])


@pytest.mark.parametrize("kind", ["linear", "cubic"])
def test_resized_fields(kind):
    fields = pictures(2, 9, 8, 2, np.complex128)
    parts = [rendered(np.ascontiguousarray(part), sc.Resize((5, 12), kind)) for part in (fields.real, fields.imag)]
    np.testing.assert_array_equal(rendered_field(fields, sc.Resize((5, 12), kind)), parts[0] + 1j * parts[1])


@pytest.mark.parametrize("feature", [sc.Resize((30, 90)), sc.Resize((120, 36), "cubic"), sc.MeanPool(3), sc.MaxPool(6)])
def test_points_go_where_the_image_goes(feature):
    """The centre of mass of a wide spot, before and after."""
    shape = (60, 72)
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=shape)
    particle = sc.MieSphere(x=sc.uniform(30, 42), y=sc.uniform(25, 35), radius=0.2, refractive_index=1.4)
    points = sc.positions(particle)
    recipe = sc.Recipe(before=points, after=points >> feature, image=particle >> microscope)
    assert recipe.outputs["after"].attributes["frame"] == list(feature.frame_after(shape))
    arrays = recipe.render(20, seed=1, outputs=["before", "after"])
    y, x = np.mgrid[: shape[0], : shape[1]]
    centre = arrays["before"].astype(float)[:, :, None, None]
    spots = np.exp(-((y - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2) / (2 * 5.0**2))[..., None]
    resized = rendered(spots, feature)[..., 0]
    height, width = feature.frame_after(shape)
    assert resized.shape[1:] == (height, width)
    rows, columns = np.mgrid[:height, :width]
    mass = resized.sum((1, 2))
    found = np.stack([(resized * axis).sum((1, 2)) / mass for axis in (rows, columns)], axis=1)
    expected = (arrays["before"] + 0.5) * [height / shape[0], width / shape[1]] - 0.5
    np.testing.assert_allclose(arrays["after"], expected, rtol=0, atol=1e-5)
    if not isinstance(feature, sc.MaxPool):  # the largest value of a block is not where its mean is
        np.testing.assert_allclose(found, arrays["after"], rtol=0, atol=2e-3)
