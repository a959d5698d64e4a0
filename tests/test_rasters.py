"""Target features: what they draw of repeated, moving and mixed scenes, and that geometry moves them with the image."""

import numpy as np
import pytest
from scipy.stats import norm

import simcore as sc

SHAPE = (48, 64)
MASK = {"pixel_size": 0.1, "shape": SHAPE}


def cell(**changed):
    settings = {"x": sc.uniform(5, 58), "y": sc.uniform(5, 42), "z": sc.normal(0, 0.5), "radius_x": 0.7, "radius_y": 0.4,
                "radius_z": 0.3, "rotation": sc.uniform(0, 3)}  # fmt: skip
    return sc.Ellipsoid(**settings | changed)


def scene():
    return cell(deformation=0.1).repeat(sc.integers(0, 6))


def rendered(count=5, seed=5, **outputs):
    return sc.Recipe(**outputs).render(count, seed=seed)


def test_disks_and_densities_stand_where_the_particles_are():
    particles = scene()
    arrays = rendered(
        mask=particles >> sc.DiskMask(radius=3, shape=SHAPE),
        density=particles >> sc.GaussianDensity(sigma=0.8, shape=SHAPE),
        distance=particles >> sc.DistanceMap(limit=99, shape=SHAPE),
        position=sc.positions(particles),
    )
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    assert arrays["mask"].dtype == bool and arrays["mask"].shape == (5, *SHAPE, 1)
    for i, padded in enumerate(arrays["position"]):
        points = padded[np.isfinite(padded[:, 0])]
        away = np.full((*SHAPE, len(points) + 1), 99.0)
        away[..., 1:] = np.hypot(rows[..., None] - points[:, 0], columns[..., None] - points[:, 1])
        nearest = away.min(axis=-1)
        sure = np.abs(nearest - 3) > 1e-4  # positions are stored as float32
        np.testing.assert_array_equal(arrays["mask"][i, ..., 0][sure], (nearest <= 3)[sure])
        np.testing.assert_allclose(arrays["distance"][i, ..., 0], nearest, atol=1e-5)
        assert arrays["density"][i].sum() == pytest.approx(len(points), abs=1e-4)
    assert len(set(np.isfinite(arrays["position"][..., 0]).sum(axis=1))) > 2


def test_a_volume_has_the_middle_of_each_layer():
    ball = sc.Sphere(x=20, y=10, z=sc.uniform(4, 20), radius=1.0)
    volume = ball >> sc.SphereVolume(radius=[3, 2, 4], z=(2, 30), planes=56, shape=SHAPE)
    arrays = rendered(volume=volume, z=ball.z)
    assert arrays["volume"].shape == (5, *SHAPE, 56) and arrays["volume"].dtype == bool
    heights = 2.25 + 0.5 * np.arange(56)
    for one, z in zip(arrays["volume"], arrays["z"], strict=True):
        rows, columns, planes = np.ix_((np.arange(48) - 10) / 3, (np.arange(64) - 20) / 2, (heights - z) / (0.5 * 4))
        value = rows**2 + columns**2 + planes**2
        sure = np.abs(value - 1) > 1e-5
        np.testing.assert_array_equal(one[sure], (value <= 1)[sure])


def test_labels_follow_the_particles_and_boxes_hold_them():
    particles = scene() + sc.Ellipse(x=30, y=20, radius_x=0.5, radius_y=0.5)
    mask = sc.InstanceMask(**MASK)
    arrays = rendered(
        label=particles >> mask,
        behind=particles >> sc.InstanceMask(**MASK, merge="or"),
        kind=particles >> sc.SemanticMask(**MASK),
        inside=particles >> sc.BorderDistance(**MASK, limit=50),
        box=sc.boxes(particles, mask),
        position=sc.positions(particles),
    )
    assert arrays["label"].dtype == np.int32
    for i in range(5):
        count = (
            int(arrays["position_count"][i])
            if "position_count" in arrays
            else np.isfinite(arrays["position"][i, :, 0]).sum()
        )
        label, kind = arrays["label"][i, ..., 0], arrays["kind"][i, ..., 0]
        assert set(np.unique(label)) <= set(range(count + 1))
        assert (label[kind == 2] == count).all() and (kind[20, 30] == 2)  # the ellipse comes last
        assert ((label > 0) == (kind > 0)).all() and ((label > 0) == (arrays["inside"][i, ..., 0] > 0)).all()
        assert (arrays["behind"][i, ..., 0] <= label)[label > 0].all()
        for k in range(count):
            y0, x0, y1, x1 = arrays["box"][i, k].astype(int)
            own = np.argwhere(label == k + 1)
            assert (own >= [y0, x0]).all() and (own < [y1, x1]).all()
            y, x = arrays["position"][i, k]
            assert y0 - 1 < y < y1 and x0 - 1 < x < x1
        assert np.isnan(arrays["box"][i, count:]).all()


def test_geometry_moves_a_mask_with_its_image():
    particles, flip, mask = scene(), sc.FlipLeftRight(), sc.InstanceMask(**MASK)
    arrays = rendered(count=8, plain=particles >> mask, moved=particles >> mask >> flip, flipped=flip.applied)
    for plain, moved, flipped in zip(arrays["plain"], arrays["moved"], arrays["flipped"], strict=True):
        np.testing.assert_array_equal(moved, plain[:, ::-1] if flipped else plain)
    assert 0 < arrays["flipped"].sum() < 8


def test_a_moving_cell_keeps_its_outline():
    moving = cell(x=20 + 4 * sc.time, y=24, deformation=0.2, rotation=0.4)
    mask = moving >> sc.InstanceMask(**MASK) >> sc.Movie(frames=4, interval=1.0)
    frames = rendered(count=2, mask=mask)["mask"]
    for one in frames:
        for t in range(1, 4):
            np.testing.assert_array_equal(one[t, :, 4 * t :], one[0, :, : -4 * t])
    assert (frames[0] != frames[1]).any()


def test_copies_have_outlines_of_their_own():
    pair = cell(x=sc.uniform(20, 20.0001), y=20, rotation=0.0, deformation=0.2).repeat(2)
    arrays = rendered(count=1, one=pair >> sc.InstanceMask(**MASK), other=pair >> sc.InstanceMask(**MASK, merge="or"))
    assert (arrays["one"] != arrays["other"]).any() and (arrays["one"] == 1).any()


def test_a_scatterer_without_outline_is_refused():
    with pytest.raises(sc.RecipeError, match="boxes takes a scene; 5 is none"):
        sc.boxes(5, sc.InstanceMask(**MASK))
    with pytest.raises(sc.RecipeError, match=r"boxes.seen_by: 5; must be a microscope or an instance mask"):
        sc.boxes(scene(), 5)
    with pytest.raises(sc.ParameterError, match=r"SphereVolume.z: \(3, 1\) um; must be \(low, high\)"):
        sc.SphereVolume(radius=1, z=(3, 1), planes=4, shape=SHAPE)
    with pytest.raises(sc.ParameterError, match=r"SphereVolume.radius: 2 numbers; must be one or three"):
        sc.SphereVolume(radius=[1, 2], z=(1, 3), planes=4, shape=SHAPE)
    with pytest.raises(sc.RecipeError, match="InstanceMask takes a scene"):
        _ = scene() >> sc.InstanceMask(**MASK) >> sc.InstanceMask(**MASK)


def test_targets_survive_text():
    particles, mask = scene(), sc.InstanceMask(**MASK)
    made = sc.Recipe(
        mask=particles >> mask,
        box=sc.boxes(particles, mask),
        count=particles >> sc.GaussianDensity(sigma=3, shape=SHAPE),
    )
    again = sc.loads(made.canonical)
    assert again == made
    for name, array in made.render(2, seed=1).items():
        np.testing.assert_array_equal(again.render(2, seed=1)[name], array)


@pytest.mark.parametrize(
    ("merge", "overlap", "dtype"), [("or", 1, bool), ("add", 2, np.float32), ("max", 1, np.float32)]
)
def test_overlaps_of_disks_and_balls_do_what_was_asked(merge, overlap, dtype):
    two = sc.PointEmitter(x=5, y=6, z=0, intensity=1) + sc.PointEmitter(x=7, y=6, z=0, intensity=1)
    disk = sc.DiskMask(radius=2.5, shape=(12, 13), merge=merge)
    ball = sc.SphereVolume(radius=2.5, z=(-2, 3), planes=5, shape=(12, 13), merge=merge)
    arrays = sc.Recipe(disk=two >> disk, ball=two >> ball).render(1, seed=1)
    assert arrays["disk"].dtype == arrays["ball"].dtype == dtype
    assert arrays["disk"][0, 6, 6, 0] == arrays["ball"][0, 6, 6, 1] == overlap and arrays["disk"][0, 6, 3, 0] == 1


def test_an_image_drawn_where_it_is_kept_is_the_one_that_others_get() -> None:
    sphere = sc.MieSphere(
        x=sc.uniform(0, 24), y=sc.uniform(0, 20), z=sc.uniform(0, 8), radius=0.2, refractive_index=1.5
    )
    volume = sphere.repeat(3) >> sc.SphereVolume(radius=2, z=(0, 8), planes=5, shape=(20, 24))
    turned = volume >> sc.FlipLeftRight(probability=1)
    recipe = sc.Recipe(once=volume, twice=volume, turned=turned)
    drawn = recipe.render(count=7, seed=3, block=3)
    alone = sc.Recipe(turned=turned).render(count=7, seed=3, block=2)
    assert drawn["once"].any(axis=(1, 2, 3)).all()
    assert np.array_equal(drawn["once"], drawn["twice"])
    assert not np.shares_memory(drawn["once"], drawn["twice"])
    assert np.array_equal(drawn["turned"], drawn["once"][:, :, ::-1])
    assert np.array_equal(drawn["turned"], alone["turned"])


def test_a_stored_volume_tells_between_which_heights_its_planes_lie():
    ball = sc.Sphere(x=8, y=8, z=sc.uniform(2, 30), radius=1)
    volume = ball >> sc.SphereVolume(radius=3, z=(2, 30), planes=56, shape=(16, 16))
    flipped = volume >> sc.FlipLeftRight() >> sc.Crop(y=0, x=0, shape=(8, 8))
    flat = ball >> sc.DiskMask(radius=3, shape=(16, 16))
    outputs = sc.Recipe(volume=volume, flipped=flipped, flat=flat).outputs
    assert outputs["volume"].attributes["z"] == outputs["flipped"].attributes["z"] == [2.0, 30.0]
    assert "z" not in outputs["flat"].attributes


def test_centroid_densities_are_those_of_the_mask():
    """Of single bodies, many of them cut by the border, beside the pixels of the instance mask."""
    body = cell(x=sc.uniform(-8, 72), y=sc.uniform(-8, 56), deformation=0.15)
    density = body >> sc.CentroidDensity(sigma=2.5, pixel_size=0.1, shape=SHAPE)
    arrays = rendered(count=60, mask=body >> sc.InstanceMask(**MASK), density=density)
    cut = beyond = 0
    for mask, found in zip(arrays["mask"][..., 0], arrays["density"][..., 0], strict=True):
        cut += np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).any()
        beyond += not mask.any()
        sides = []
        for places, length in zip(np.nonzero(mask), SHAPE, strict=True):
            away = np.arange(length) - (places.mean() if mask.any() else np.inf)
            sides.append(norm.cdf((away + 0.5) / 2.5) - norm.cdf((away - 0.5) / 2.5))
        np.testing.assert_allclose(found, np.outer(*sides), atol=1e-6)
    assert cut > 10 and beyond > 2


def test_particles_that_show_only_at_the_border_are_not_counted():
    """The same bodies with and without a margin, beside the pixels of the instance mask."""
    body = cell(x=sc.uniform(-8, 72), y=sc.uniform(-8, 56), deformation=0.15)
    every, inner = (body >> sc.CentroidDensity(2.5, 0.1, SHAPE, margin=margin) for margin in (0, 3))
    arrays = rendered(count=80, mask=body >> sc.InstanceMask(**MASK), every=every, inner=inner)
    shown = arrays["mask"][..., 0] > 0
    slivers = shown.any(axis=(1, 2)) & ~shown[:, 3:-3, 3:-3].any(axis=(1, 2))
    assert slivers.sum() > 3
    assert arrays["every"][slivers].any(axis=(1, 2, 3)).all() and not arrays["inner"][slivers].any()
    assert np.array_equal(arrays["inner"][~slivers], arrays["every"][~slivers])


def test_centroid_densities_do_not_depend_on_the_block():
    scene = cell(x=sc.uniform(-4, 68), deformation=0.1).repeat(sc.integers(0, 6))
    recipe = sc.Recipe(density=scene >> sc.CentroidDensity(sigma=3, pixel_size=sc.uniform(0.05, 0.2), shape=SHAPE))
    whole = recipe.render(9, seed=2)["density"]
    alone = [recipe.render(seed=2, indices=[k])["density"][0] for k in range(9)]
    assert np.array_equal(whole, alone)
