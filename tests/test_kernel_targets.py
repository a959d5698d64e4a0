"""Target images against their definitions, pixel by pixel, and SciPy."""

import dataclasses

import mpmath
import numpy as np
import pytest
from reference import shapes
from scipy import ndimage, special
from test_kernel_shapes import bodies, crowd, stream

from simcore import _core, kernels

FIRST = np.array([0, 3, 3, 8])
RNG = np.random.default_rng(1)
Y, X = RNG.uniform(-4, 36, 8), RNG.uniform(-4, 44, 8)
SHAPE = (3, 32, 40, 1)
ROWS, COLUMNS = np.mgrid[:32, :40].astype(float)


def literal(dtype, values, covered, merge, shape=SHAPE):
    """Combine, particle by particle, what ``covered(i)`` says of its pixels."""
    out = np.zeros(shape, dtype)
    for image in range(3):
        for i in range(FIRST[image], FIRST[image + 1]):
            old, value, where = out[image], values(i), covered(i)
            new = {
                "add": old | value if dtype is bool else old + value,
                "or": np.where(old != 0, old, value),
                "overwrite": np.broadcast_to(value, old.shape),
                "max": np.maximum(old, value),
            }[merge]
            out[image] = np.where(where, new, old)
    return out


# --- the error function --------------------------------------------------------------------------------------------


def test_erf():
    x = np.concatenate([np.linspace(-7, 7, 2001), np.geomspace(1e-300, 0.6, 200)])
    found = kernels.elementary("erf", x)
    mpmath.mp.dps = 30
    assert max(abs(float(mpmath.erf(float(a)) - float(b))) for a, b in zip(x, found, strict=True)) < 2.3e-16
    small = np.abs(x) < 0.5
    np.testing.assert_allclose(found[small], special.erf(x[small]), rtol=4e-16)
    np.testing.assert_array_equal(kernels.elementary("erf", np.array([-np.inf, np.inf, 30.0])), [-1, 1, 1])
    assert np.isnan(kernels.elementary("erf", np.array([np.nan]))).all()


# --- discs, ellipsoids, densities ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [bool, np.int32, np.float32])
@pytest.mark.parametrize("merge", ["add", "or", "overwrite", "max"])
def test_discs_cover_the_centres_within_the_radius(dtype, merge):
    radius = RNG.uniform(0.3, 9, 8)
    values = np.array([True] * 8) if dtype is bool else np.array([2, 5, 3, 1, 7, 4, 6, 8], dtype)
    out = np.zeros(SHAPE, dtype)
    kernels.discs(out, first=FIRST, y=Y, x=X, radius=radius, value=values, merge=merge)
    expected = literal(
        dtype,
        lambda i: values[i],
        lambda i: (np.hypot(ROWS - Y[i], COLUMNS - X[i]) <= radius[i])[..., None],
        merge,
    )
    np.testing.assert_array_equal(out, expected)


def test_the_rim_belongs_to_the_disc():
    out = np.zeros((1, 9, 9, 1), bool)
    kernels.discs(
        out, first=np.array([0, 1]), y=np.array([4.0]), x=np.array([4.0]), radius=np.array([3.0]), value=[True]
    )
    assert out[0, 1, 4, 0] and out[0, 4, 7, 0] and not out[0, 0, 4, 0] and out.sum() == 29


@pytest.mark.parametrize("dtype", [bool, np.float32])
@pytest.mark.parametrize("merge", ["or", "add"])
def test_ellipsoids_cover_the_centres_inside(dtype, merge):
    radius, z = RNG.uniform(0.6, 6, (8, 3)), RNG.uniform(-2, 12, 8)
    values = np.ones(8, bool) if dtype is bool else np.arange(1, 9).astype(np.float32)
    out = np.zeros((*SHAPE[:3], 10), dtype)
    kernels.ellipsoids(out, first=FIRST, y=Y, x=X, z=z, radius=radius, value=values, merge=merge)
    planes = np.arange(10.0)

    def covered(i):
        a, b, c = radius[i]
        in_plane = ((ROWS - Y[i]) / a) ** 2 + ((COLUMNS - X[i]) / b) ** 2
        return in_plane[..., None] + ((planes - z[i]) / c) ** 2 <= 1

    np.testing.assert_array_equal(out, literal(dtype, lambda i: values[i], covered, merge, out.shape))


@pytest.mark.parametrize("merge", ["add", "max"])
def test_densities_are_integrals_over_pixels(merge):
    sigma, weight = RNG.uniform(0.2, 5, 8), RNG.uniform(0.5, 2, 8)
    out = np.zeros(SHAPE, np.float32)
    kernels.gaussians(out, first=FIRST, y=Y, x=X, sigma=sigma, weight=weight, merge=merge)

    def density(i):
        def along(pixels, centre):
            edges = (np.arange(pixels + 1) - 0.5 - centre) / (np.sqrt(2) * sigma[i])
            return np.diff(special.erf(edges)) / 2

        return (weight[i] * np.outer(along(32, Y[i]), along(40, X[i])))[..., None]

    expected = literal(float, density, lambda i: np.ones((32, 40, 1), bool), merge)
    np.testing.assert_allclose(out, expected, rtol=3e-7, atol=2e-9)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 10.0])
def test_a_density_sums_to_its_weight(sigma):
    out = np.zeros((1, 151, 151, 1), np.float32)
    kernels.gaussians(out, first=np.array([0, 1]), y=[75.3], x=[74.9], sigma=[sigma], weight=[3.0])
    assert out.sum(dtype=float) == pytest.approx(3, abs=1e-6)


# --- silhouettes ---------------------------------------------------------------------------------------------------


def seen(body, i, shape=(40, 40), depths=400):
    """Whether any of many points behind each pixel lies in the body."""
    centre = np.array([body.x[i] * 0.1, body.y[i] * 0.1, body.z[i]])
    depth = np.linspace(-2.5, 2.5, depths) + centre[2]
    rows, columns = np.mgrid[: shape[0], : shape[1]] * 0.1
    points = np.stack(np.broadcast_arrays(columns[..., None], rows[..., None], depth), axis=-1)
    return shapes.inside(points, centre, body.radius[i], body.rotation[i], stream(i), body.deformation[i]).any(axis=-1)


def test_silhouettes_are_what_a_line_of_sight_meets():
    rng = np.random.default_rng(5)
    body = bodies(rng.uniform(0.4, 1.3, (4, 3)), rng.uniform(-3, 3, (4, 3)), count=4, x=rng.uniform(8, 32, 4),
                  y=rng.uniform(8, 32, 4), z=0.3, deformation=[0, 0.1, 0.2, 0.3])  # fmt: skip
    out = np.zeros((4, 40, 40, 1), np.int32)
    kernels.silhouettes(out, body, pixel_size=np.full(4, 0.1), value=[1, 2, 3, 4])
    boxes = kernels.silhouette_boxes(body, pixel_size=np.full(4, 0.1), shape=(40, 40))
    for i in range(4):
        expected = seen(body, i)
        assert np.count_nonzero((out[i, ..., 0] == i + 1) != expected) <= 1  # a pixel on the rim
        assert set(np.unique(out[i])) == {0, i + 1}
        (y0, y1), (x0, x1) = ((np.flatnonzero(out[i].any(axis=axis))[[0, -1]]) for axis in (1, 0))
        np.testing.assert_array_equal(boxes[i], [y0, x0, y1 + 1, x1 + 1])


def test_a_silhouette_of_an_ellipsoid_is_an_ellipse():
    """Seen along z, it is x^T S^-1 x < 1 with S the upper left block of R diag(radius^2) R^T."""
    angles, radius = (0.4, -0.7, 0.9), np.array([1.4, 0.8, 0.5])
    body = bodies(radius, angles, x=20.3, y=19.6)
    out = np.zeros((1, 41, 41, 1), bool)
    kernels.silhouettes(out, body, pixel_size=np.array([0.1]), value=[True], merge="or")
    turn = shapes.rotation(angles)
    spread = np.linalg.inv((turn @ np.diag(radius**2) @ turn.T)[:2, :2])
    offset = np.stack(np.mgrid[:41, :41][::-1] * 0.1, axis=-1) - np.array([2.03, 1.96])
    np.testing.assert_array_equal(out[0, ..., 0], np.einsum("yxi,ij,yxj->yx", offset, spread, offset) < 1)


def test_later_bodies_cover_earlier_ones_and_what_is_not_seen_has_no_box():
    body = bodies((0.8, 0.8, 0.8), count=3, x=[18, 22, -30], per_image=3)
    out = np.zeros((1, 41, 41, 1), np.int32)
    kernels.silhouettes(out, body, pixel_size=np.array([0.1]), value=[1, 2, 3])
    assert out[0, 20, 20, 0] == 2 and out[0, 20, 12, 0] == 1 and 3 not in out
    kept = np.zeros_like(out)
    kernels.silhouettes(kept, body, pixel_size=np.array([0.1]), value=[1, 2, 3], merge="or")
    assert kept[0, 20, 20, 0] == 1
    boxes = kernels.silhouette_boxes(body, pixel_size=np.array([0.1]), shape=(41, 41))
    np.testing.assert_array_equal(boxes[:2], [[13, 11, 28, 26], [13, 15, 28, 30]])
    assert np.isnan(boxes[2]).all()


def test_voxels_and_silhouette_are_of_one_body():
    body = bodies((1.2, 0.9, 0.7), (0.2, 0.3, 0.4), deformation=0.2)
    volume = np.zeros((1, 60, 41, 41), np.float32)
    kernels.voxelise(volume, body, [1.0], pixel_size=[0.1], z_first=[-1.475], z_step=[0.05])
    out = np.zeros((1, 41, 41, 1), bool)
    kernels.silhouettes(out, body, pixel_size=np.array([0.1]), value=[True], merge="or")
    shadow = volume[0].max(axis=0)
    assert shadow[out[0, ..., 0]].min() > 0.05 and shadow[~out[0, ..., 0]].max() < 0.95


# --- distances -----------------------------------------------------------------------------------------------------


def test_distance_to_the_nearest_particle():
    out = np.empty(SHAPE, np.float32)
    kernels.point_distances(out, first=FIRST, y=Y, x=X, limit=12.0)
    for image in (0, 2):
        own = slice(FIRST[image], FIRST[image + 1])
        each = np.hypot(ROWS[..., None] - Y[own], COLUMNS[..., None] - X[own])
        np.testing.assert_allclose(out[image, ..., 0], np.minimum(each.min(axis=-1), 12), rtol=1e-6)
    np.testing.assert_array_equal(out[1], 12)


@pytest.mark.parametrize("share", [0.03, 0.5, 0.97, 0.995])
def test_distance_to_the_border_of_a_mask(share):
    mask = np.random.default_rng(6).random((4, 37, 53, 1)) < share
    out = np.empty(mask.shape, np.float32)
    kernels.mask_distances(out, mask, limit=1e3)
    expected = np.stack([ndimage.distance_transform_edt(one[..., 0]) for one in mask])[..., None]
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    kernels.mask_distances(out, np.ones_like(mask), limit=7.0)
    assert (out == 7).all()


# --- all of them ---------------------------------------------------------------------------------------------------


def test_same_bytes_on_every_instruction_level(restore_level):
    sigma, weight, body = np.linspace(0.3, 7, 8), np.linspace(0.5, 2, 8), crowd()
    results = []
    for level in (4, 3, 0):
        _core.set_instruction_level(level)
        density, distance = np.zeros((2, *SHAPE), np.float32)
        kernels.gaussians(density, first=FIRST, y=Y, x=X, sigma=sigma, weight=weight)
        kernels.point_distances(distance, first=FIRST, y=Y, x=X, limit=99.0)
        labels = np.zeros((4, 41, 43, 1), np.int32)
        kernels.silhouettes(labels, body, pixel_size=np.full(4, 0.1), value=np.arange(12))
        results.append(density.tobytes() + distance.tobytes() + labels.tobytes())
    assert len(set(results)) == 1


def test_refusals():
    out = np.zeros(SHAPE, np.float32)
    good = {"first": FIRST, "y": Y, "x": X, "sigma": np.ones(8), "weight": np.ones(8)}
    for change, words in [
        ({"first": FIRST[::-1]}, "first: must rise"),
        ({"first": FIRST[1:]}, "first .*wrong shape"),
        ({"y": Y[1:]}, "x .*wrong shape"),
        ({"x": X * np.nan}, "x: must be finite"),
        ({"sigma": np.zeros(8)}, "sigma: must be > 0"),
        ({"weight": np.full(8, np.inf)}, "weight: must be finite"),
        ({"merge": "sum"}, "merge: 'sum'; must be add, or, overwrite or max"),
    ]:
        with pytest.raises(ValueError, match=words):
            kernels.gaussians(out, **(good | change))
    with pytest.raises(ValueError, match=r"out \(image, y, x, 1\): wrong shape"):
        kernels.gaussians(np.zeros((3, 32, 40, 2), np.float32), **good)
    with pytest.raises(TypeError):
        kernels.gaussians(np.zeros(SHAPE), **good)
    with pytest.raises(ValueError, match="limit: must be > 0"):
        kernels.point_distances(out, first=FIRST, y=Y, x=X, limit=0.0)
    with pytest.raises(ValueError, match="pixel_size: must be > 0"):
        kernels.silhouettes(np.zeros((1, 9, 9, 1), bool), bodies((1, 1, 1)), pixel_size=[0.0], value=[True])
    with pytest.raises(ValueError, match="texture_scale"):
        body = dataclasses.replace(bodies((1, 1, 1)), texture_scale=np.zeros(1))
        kernels.silhouettes(np.zeros((1, 9, 9, 1), bool), body, pixel_size=[1.0], value=[True])
