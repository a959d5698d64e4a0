"""Bodies as voxels against closed-form volumes, the formulas point by point, and brute-force division of voxels."""

import dataclasses

import numpy as np
import pytest
from reference import shapes

from simcore import _core, kernels

SEED = 12345678901234567890123
KEY = np.array([SEED & (2**64 - 1), SEED >> 64], np.uint64)


def bodies(radius, rotation=(0.0, 0.0, 0.0), *, count=1, x=20.0, y=20.0, z=0.0, deformation=0.0, texture=0.0, scale=1.0,
           per_image=1):  # fmt: skip
    def each(value):
        return np.ascontiguousarray(np.broadcast_to(np.asarray(value, float), count))

    def triples(value):
        return np.ascontiguousarray(np.broadcast_to(np.asarray(value, float), (count, 3)))

    counter = np.zeros((count, 3), np.uint64)
    counter[:, 0], counter[:, 1], counter[:, 2] = np.arange(count), 77, 3
    first = np.arange(count // per_image + 1) * per_image
    return kernels.Bodies(first, each(x), each(y), each(z), triples(radius), triples(rotation), each(deformation),
                          each(texture), each(scale), KEY, counter)  # fmt: skip


def voxels(
    body, shape, *, pixel_size=0.1, z_step=0.1, z_first=None, value=1.0, dtype=np.float32, replace=False, out=None
):
    images = len(body.first) - 1
    if z_first is None:
        z_first = -0.5 * (shape[0] - 1) * z_step
    if out is None:
        out = np.zeros((images, *shape), dtype)
    kernels.voxelise(
        out,
        body,
        np.broadcast_to(value, len(body.x)),
        pixel_size=np.full(images, pixel_size),
        z_first=np.full(images, z_first),
        z_step=np.full(images, z_step),
        replace=replace,
    )
    return out


def stream(index):
    return shapes.Stream(SEED, (index, 77, 3))


# --- volumes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("radius", "z_step"),
    [((0.02, 0.02, 0.02), 0.1), ((0.1, 0.1, 0.1), 0.1), ((0.3, 0.3, 0.3), 0.1), ((0.5, 0.5, 0.5), 0.1),
     ((1.4, 1.4, 1.4), 0.1), ((1.4, 1.0, 0.2), 0.1), ((0.6, 0.6, 0.05), 0.1), ((0.3, 0.1, 0.8), 0.1),
     ((1.4, 1.4, 1.0), 0.5), ((0.5, 0.5, 0.5), 1.0)],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_volume_is_that_of_the_ellipsoid(radius, z_step, turned):
    rng = np.random.default_rng(1)
    count = 12
    angles = rng.uniform(-3, 3, (count, 3)) * turned
    x, y = rng.uniform(19.5, 20.5, (2, count))
    body = bodies(radius, angles, count=count, x=x, y=y, z=rng.uniform(-0.5, 0.5, count) * z_step)
    planes = 2 * int(np.ceil(1.6 / z_step)) + 3
    total = voxels(body, (planes, 41, 41), z_step=z_step).sum(axis=(1, 2, 3), dtype=float)
    expected = 4 / 3 * np.pi * np.prod(radius) / (0.1 * 0.1 * z_step)
    np.testing.assert_allclose(total, expected, rtol=1e-3)


@pytest.mark.parametrize("radius", [(0.05, 0.05), (0.3, 0.3), (1.4, 0.7)])
def test_a_disc_fills_its_plane_and_keeps_its_area(radius):
    rng = np.random.default_rng(2)
    x, y = rng.uniform(19.5, 20.5, (2, 8))
    turn = np.zeros((8, 3))
    turn[:, 2] = rng.uniform(-3, 3, 8)
    body = bodies((*radius, 0.0), turn, count=8, x=x, y=y, z=0.62)
    out = voxels(body, (5, 41, 41), z_step=0.5, z_first=0.0)
    assert not out[:, [0, 2, 3, 4]].any()
    area = out[:, 1].sum(axis=(1, 2), dtype=float) * 0.1**2 * 0.5
    np.testing.assert_allclose(area, np.pi * radius[0] * radius[1], rtol=1e-3)


@pytest.mark.parametrize("radius", [(1.2, 1.2, 0.7), (0.8, 0.8, 0.8), (0.25, 0.25, 0.25)])
def test_volume_of_a_deformed_body_is_the_integral_over_its_outline(radius):
    body = bodies(radius, count=6, x=20.3, y=19.8, z=0.03, deformation=0.15)
    total = voxels(body, (45, 61, 61)).sum(axis=(1, 2, 3), dtype=float) * 0.1**3
    expected = [shapes.volume(stream(i), 0.15, np.array(radius)) for i in range(6)]
    np.testing.assert_allclose(total, expected, rtol=1.5e-3)


# --- where the voxels are ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("deformation", "largest"), [(0.0, 0.1), (0.2, 0.15)])
@pytest.mark.parametrize("angles", [(0.0, 0.0, 0.7), (0.5, -0.3, 0.7)])
def test_each_voxel_is_the_share_that_the_body_fills(deformation, largest, angles):
    """Against 8 x 8 x 8 points in each voxel: the ramp is that of a plane surface."""
    radius, centre = np.array([0.9, 0.5, 0.4]), np.array([1.05, 0.93, 0.02])
    body = bodies(radius, angles, x=centre[0] / 0.1, y=centre[1] / 0.1, z=centre[2], deformation=deformation)
    out = voxels(body, (11, 21, 21), z_step=0.2)[0]
    fine = (np.arange(168) + 0.5) / 8 - 0.5
    depth = ((np.arange(88) + 0.5) / 8 - 5.5) * 0.2
    points = np.stack(np.meshgrid(depth, fine * 0.1, fine * 0.1, indexing="ij")[::-1], axis=-1)
    held = shapes.inside(points, centre, radius, angles, stream(0), deformation)
    expected = held.reshape(11, 8, 21, 8, 21, 8).mean(axis=(1, 3, 5))
    assert np.abs(out - expected).max() < largest
    assert np.sqrt(np.mean((out - expected)[(expected > 0) & (expected < 1)] ** 2)) < 0.025
    assert out.sum(dtype=float) == pytest.approx(expected.sum(), rel=2e-3)


def test_outline_is_the_harmonic_series():
    rng = np.random.default_rng(3)
    direction = rng.normal(size=(4, 200, 3))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    found = kernels.outlines(bodies((1, 1, 1), count=4, deformation=0.2), direction)
    for i in range(4):
        expected = shapes.outline(stream(i), 0.2, direction[i])
        assert np.abs(found[i] - expected).max() < 2e-6


def test_outline_has_the_stated_deviation_in_every_direction():
    count = 4000
    body = bodies((1, 1, 1), count=count, deformation=0.05)
    direction = np.array([[0, 0, 1], [1, 0, 0], [0.6, 0, 0.8], [0.48, 0.6, 0.64]], float)
    found = kernels.outlines(body, np.broadcast_to(direction, (count, 4, 3)).copy())
    # limited at 2.5 standard deviations: 0.965 of the variance is left
    np.testing.assert_allclose(found.std(axis=0), 0.05 * 0.9826, rtol=0.04)
    np.testing.assert_allclose(found.mean(axis=0), 1, atol=0.05 * 4.5 / np.sqrt(count))


def test_rotation_turns_from_x_towards_y():
    out = voxels(bodies((1.5, 0.3, 0.3), (0, 0, np.pi / 4)), (7, 41, 41)).sum(axis=1)[0]
    assert out[28, 28] > 0 and out[28, 12] == 0  # down to the right, not up to the right
    out = voxels(bodies((0.3, 1.5, 0.3), (np.pi / 4, 0, 0)), (41, 41, 41))[0]
    assert out[28, 28, 20] > 0 and out[12, 28, 20] == 0  # about x: from +y towards +z
    out = voxels(bodies((0.3, 0.3, 1.5), (0, np.pi / 4, 0)), (41, 41, 41))[0]
    assert out[28, 20, 28] > 0 and out[12, 20, 28] == 0  # about y: from +z towards +x


# --- contents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 0.25, 0.07])
def test_grains_are_gradient_noise_of_the_bodys_own_axes(scale):
    angles, centre = (0.3, -0.2, 0.5), np.array([2.04, 1.97, 0.11])
    body = bodies((1.5, 1.2, 1.0), angles, x=centre[0] / 0.1, y=centre[1] / 0.1, z=centre[2], texture=0.4, scale=scale)
    out = voxels(body, (9, 41, 41))[0]
    plain = voxels(dataclasses.replace(body, texture=np.zeros(1)), (9, 41, 41))[0]
    turn = shapes.rotation(angles)
    for plane, row, column in [(4, 20, 20), (2, 18, 25), (6, 25, 13), (4, 15, 21), (0, 20, 19), (8, 21, 22)]:
        assert plain[plane, row, column] == 1
        place = (np.array([column * 0.1, row * 0.1, (plane - 4) * 0.1]) - centre) @ turn
        expected = shapes.texture(stream(0), 0.4, scale, 0.1, place)
        assert out[plane, row, column] == pytest.approx(expected, abs=2e-5)


def test_grains_have_the_stated_deviation():
    body = bodies((6.0, 6.0, 3.0), count=3, x=65, y=65, texture=0.1, scale=0.6)
    out, plain = (voxels(b, (40, 131, 131)) for b in (body, dataclasses.replace(body, texture=np.zeros(3))))
    inner = out[plain == 1]
    assert inner.mean() == pytest.approx(1, abs=0.003)
    assert inner.std() == pytest.approx(0.1, rel=0.05)  # the finest octave, of 1.5 pixels, is half faded: -0.4 %


def test_values_add_or_replace():
    both = bodies((0.8, 0.8, 0.8), count=2, x=[20, 24], per_image=2)
    one, other = (voxels(bodies((0.8, 0.8, 0.8), x=x), (21, 41, 41))[0] for x in (20, 24))
    added = voxels(both, (21, 41, 41), value=[2.0, 3.0])[0]
    np.testing.assert_allclose(added, 2 * one + 3 * other, atol=1e-6)
    replaced = voxels(both, (21, 41, 41), value=[2.0, 3.0], replace=True)[0]
    np.testing.assert_allclose(replaced, 2 * one * (1 - other) + 3 * other, atol=1e-6)


def test_complex_contrast():
    body = bodies((0.8, 0.5, 0.8))
    share = voxels(body, (21, 41, 41))
    found = voxels(body, (21, 41, 41), value=0.02 + 0.003j, dtype=np.complex64)
    np.testing.assert_allclose(found, share * (0.02 + 0.003j), atol=1e-9)


# --- independence --------------------------------------------------------------------------------------------------


def crowd(count=12):
    rng = np.random.default_rng(4)
    radius = rng.uniform(0.2, 1.2, (count, 3))
    radius[::5, 2] = 0
    angles = rng.uniform(-3, 3, (count, 3)) * (radius[:, 2:] > 0)
    return bodies(radius, angles, count=count, x=rng.uniform(-3, 45, count), y=rng.uniform(-3, 45, count),
                  z=rng.uniform(-0.5, 0.5, count), deformation=rng.choice([0, 0.15], count), texture=rng.choice([0, 0.3], count),
                  scale=0.5, per_image=3)  # fmt: skip


def test_same_bytes_on_every_instruction_level(restore_level):
    results = []
    for level in (4, 3, 0):
        _core.set_instruction_level(level)
        results.append(voxels(crowd(), (7, 41, 43), z_step=0.2).tobytes())
    assert len(set(results)) == 1


def test_an_image_does_not_see_its_company():
    body = crowd()
    together = voxels(body, (7, 41, 43), z_step=0.2)
    for image in range(4):
        part = slice(3 * image, 3 * image + 3)
        fields = {
            f.name: getattr(body, f.name)[part] for f in dataclasses.fields(body) if f.name not in ("first", "key")
        }
        alone = voxels(dataclasses.replace(body, first=np.array([0, 3]), **fields), (7, 41, 43), z_step=0.2)
        assert alone[0].tobytes() == together[image].tobytes()


def test_a_body_over_the_border_is_cut_not_changed():
    body = bodies((1.3, 0.8, 0.6), (0.2, 0.1, 0.4), x=1.3, y=38.6, deformation=0.1, texture=0.2, scale=0.5)
    moved = dataclasses.replace(body, x=body.x + 20, y=body.y + 20)
    small, large = voxels(body, (5, 40, 40), z_step=0.2), voxels(moved, (5, 80, 80), z_step=0.2)
    np.testing.assert_allclose(small, large[:, :, 20:60, 20:60], atol=2e-4)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": np.array([np.nan])}, "x, y, z: must be finite"),
        ({"radius": np.array([[1.0, 0.0, 1.0]])}, "radius: must be > 0"),
        ({"radius": np.array([[1.0, 1.0, -1.0]])}, "radius: must be > 0"),
        ({"radius": np.array([[1.0, 1.0, 0.0]]), "rotation": np.array([[0.1, 0.0, 0.0]])}, "a disc can only be turned"),
        ({"deformation": np.array([0.31])}, r"deformation: must be in \[0, 0.3\]"),
        ({"texture": np.array([-0.1])}, "texture: must be >= 0"),
        ({"texture_scale": np.array([0.0])}, "texture_scale: must be > 0"),
        ({"first": np.array([0, 2])}, "first: must rise"),
        ({"first": np.array([0, 0, 1])}, "first .*wrong shape"),
        ({"y": np.array([1.0, 2.0])}, "y .*wrong shape"),
    ],
)
def test_refusals(change, words):
    with pytest.raises(ValueError, match=words):
        voxels(dataclasses.replace(bodies((1, 1, 1)), **change), (3, 9, 9), out=np.zeros((1, 3, 9, 9), np.float32))


def test_refuses_what_it_would_have_to_copy():
    for out in (np.zeros((1, 3, 9, 9)), np.zeros((1, 3, 9, 18), np.float32)[..., ::2]):
        with pytest.raises(TypeError):
            voxels(bodies((1, 1, 1)), (3, 9, 9), out=out)
    with pytest.raises(ValueError, match="z_step: must be > 0"):
        voxels(bodies((1, 1, 1)), (3, 9, 9), z_step=0.0)
    with pytest.raises(ValueError, match="value: must be finite"):
        voxels(bodies((1, 1, 1)), (3, 9, 9), value=np.nan)


# --- columns -------------------------------------------------------------------------------------------------------


def column_moments(body, size=48, pixel=0.24):
    """Integrals of 1, z and z^2 over the body in each cell of one pixel."""
    z = np.linspace(-5, 5, 61)
    out = np.zeros((3, size, size), np.float32)
    share = np.stack([np.ones(61), z, z * z], 1)
    kernels.columns(out, body, np.ones(1), image=0, pixel_size=pixel, division=1, margin=0, z_first=-5.0, z_step=10 / 60,
                    share=share, layers=1.0)  # fmt: skip
    return out


def voxel_moments(body, size=48, pixel=0.24, planes=40):
    """The same from fine voxels, with the weights (1, 3, 3, 1) of half cells along each axis."""
    height = 1.02 * kernels.body_extents(body)[0, 2]
    step = 2 * height / planes
    fine = np.zeros((1, planes, 4 * size, 4 * size), np.float32)
    scaled = dataclasses.replace(body, x=(body.x + 0.5) * 4 - 0.5, y=(body.y + 0.5) * 4 - 0.5)
    kernels.voxelise(fine, scaled, np.ones(1), pixel_size=[pixel / 4], z_first=[step / 2 - height], z_step=[step])
    half = fine[0].reshape(planes, 2 * size, 2, 2 * size, 2).sum((2, 4)) * (pixel / 4) ** 2 * step
    z = step * (np.arange(planes) + 0.5) - height
    found = []
    for power in range(3):
        plane = np.pad(np.tensordot(z**power, half, 1), 1)
        for _ in range(2):
            plane = (0.75 * (plane[1:-1:2] + plane[2::2]) + 0.25 * (plane[:-3:2] + plane[3::2])).T
        found.append(plane)
    return np.array(found)


@pytest.mark.parametrize(
    ("deformation", "allowed"), [(0.0, (2e-3, 6e-3)), (0.05, (2e-2, 1e-2)), (0.1, (5e-2, 4e-2)), (0.3, (0.25, 0.15))]
)
@pytest.mark.parametrize(
    ("radius", "rotation"),
    [((3.4, 3.0, 1.0), (0, 0, 0.3)), ((1.5, 1.5, 1.5), (0, 0, 0)), ((2.5, 1.0, 1.2), (0.6, 0.4, 0.3))],
)
def test_columns_hold_what_fine_voxels_hold(radius, rotation, deformation, allowed):
    """At rims, where an irregular surface is found to a percent or so; the more dents there are, the more light fills them."""
    body = bodies(radius, rotation, x=24.3, y=23.8, deformation=deformation)
    found, wanted = column_moments(body), voxel_moments(body)
    assert abs(found[0] - wanted[0]).max() < allowed[0] * wanted[0].max()
    assert abs(found[2] - wanted[2]).max() < allowed[1] * wanted[2].max()
    assert found[0].sum() == pytest.approx(wanted[0].sum(), rel=3e-3 if deformation <= 0.1 else 0.05)


@pytest.mark.parametrize(("deformation", "allowed"), [(0.05, 1e-2), (0.1, 2.5e-2)])
def test_columns_are_as_long_as_the_lines_of_sight_through_the_body(deformation, allowed):
    """Lengths counted in 400 steps along four lines in each half cell: good to 6e-3, as a round body shows."""
    body, size, pixel, steps = bodies((3.4, 3.0, 1.0), x=22.3, y=21.8, deformation=deformation), 44, 0.24, 400
    height = kernels.body_extents(body)[0, 2]
    t, side = np.linspace(-height, height, steps), (np.arange(4 * size) + 0.5) / 4 - 0.5
    length = np.zeros((4 * size, 4 * size))
    for row, y in enumerate(side):
        q = np.empty((4 * size, steps, 3))
        q[..., 0], q[..., 1], q[..., 2] = (side[:, None] - 22.3) * pixel / 3.4, (y - 21.8) * pixel / 3.0, t / 1.0
        r = np.linalg.norm(q, axis=-1)
        s = kernels.outlines(body, (q / r[..., None]).reshape(1, -1, 3))[0].reshape(r.shape)
        length[row] = (r < s).sum(1) * (t[1] - t[0])
    cells = np.pad(length.reshape(2 * size, 2, 2 * size, 2).mean((1, 3)), 1) * (pixel / 2) ** 2
    for _ in range(2):
        cells = (0.75 * (cells[1:-1:2] + cells[2::2]) + 0.25 * (cells[:-3:2] + cells[3::2])).T
    assert abs(column_moments(body, size)[0] - cells).max() < allowed * cells.max()


@pytest.mark.parametrize("radius", [0.02, 0.1, 0.3, 0.7, 3.0])
def test_columns_keep_the_light_of_bodies_of_any_size(radius):
    for shape, volume in (((1, 0.7, 0.4), 4 / 3 * np.pi * 0.28), ((1, 0.7, 0), np.pi * 0.7)):
        body = bodies(np.multiply(shape, radius), (0, 0, 0.4), x=24.3, y=23.8)
        wanted = volume * radius ** (3 if shape[2] else 2)
        assert column_moments(body)[0].sum() == pytest.approx(wanted, rel=1e-3)


def test_columns_have_the_texture_of_voxels():
    """The same grains, in layers of a column instead of planes: alike, but for the finest ones."""
    body = bodies((2.5, 2.0, 1.0), x=24.3, y=23.8, texture=0.4, scale=2.0)
    plain = dataclasses.replace(body, texture=np.zeros(1))
    mean = column_moments(body)[0] / np.maximum(column_moments(plain)[0], 1e-9)
    fine = voxel_moments(body)[0] / np.maximum(voxel_moments(plain)[0], 1e-9)
    inside = column_moments(plain)[0] > 0.5 * column_moments(plain)[0].max()
    assert np.std((mean - fine)[inside]) < 0.25 * np.std(fine[inside]) and np.std(fine[inside]) > 0.05


def test_extents_are_those_of_the_turned_body():
    body = bodies((2.0, 1.0, 0.5), (0.3, -0.7, 0.5))
    turn = shapes.rotation((0.3, -0.7, 0.5)) * [2.0, 1.0, 0.5]
    *box, smaller, thickness = kernels.body_extents(body)[0]
    assert thickness == pytest.approx(2 / np.sqrt(np.linalg.inv(turn @ turn.T)[2, 2]))
    assert np.allclose(box, np.sqrt((turn**2).sum(1)))
    assert smaller == pytest.approx(np.sqrt(np.linalg.eigvalsh((turn @ turn.T)[:2, :2]).min()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": 1}, "image"),
        ({"division": 0}, "division"),
        ({"division": 5}, "whole pixels"),
        ({"z_step": 0.0}, "z_step"),
        ({"z_first": np.nan}, "z_first"),
        ({"share": np.ones((3, 1))}, "share"),
        ({"layers": 0.0}, "layers"),
    ],
)
def test_columns_refuse(change, words):
    good = {"image": 0, "pixel_size": 0.2, "division": 1, "margin": 0, "z_first": -1.0, "z_step": 0.5, "layers": 1.0,
            "share": np.ones((5, 1))}  # fmt: skip
    with pytest.raises(ValueError, match=words):
        kernels.columns(np.zeros((1, 8, 8), np.float32), bodies((1, 1, 1)), np.ones(1), **(good | change))
