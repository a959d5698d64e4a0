"""Views of datasets: subsets by property, weights, mirrors, parts, mixtures, live examples."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from writer import write_dataset

import dtmodels as dm
from dtmodels.conditions import Condition
from dtmodels.errors import ConfigurationError, DatasetError

COUNT = 150


def arrays(count=COUNT, seed=3):
    generator = np.random.default_rng(seed)
    image = generator.normal(size=(count, 6, 6, 1)).astype(np.float32)
    position = generator.integers(0, 6, (count, 2)).astype(np.float32)
    image[np.arange(count), position[:, 0].astype(int), position[:, 1].astype(int), 0] = 100
    return {
        "image": image,
        "position": position,
        "snr": generator.uniform(2, 60, count).astype(np.float32),
        "z": generator.normal(size=count).astype(np.float32),
        "label": (np.arange(count) % 10 // 7).astype(np.int64),
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("views") / "a.zarr", arrays(), unit=32, chunk=8)


@pytest.fixture(scope="module")
def data(path):
    return dm.open_dataset(path, inputs="image", targets="position")


# -- conditions ----------------------------------------------------------------------------------------------------


@given(st.floats(-3, 3, width=32), st.floats(-3, 3, width=32))
def test_conditions_mean_what_numpy_means(low, high):
    values = arrays()
    x, y = values["z"], values["snr"]
    cases = {
        f"z > {low!r}": x > low,
        f"{low!r} <= z < {high!r} or not snr >= 9": ((x >= low) & (x < high)) | ~(y >= 9),
        f"(z < {low!r}) & ~(abs(z) < 1) | (sqrt(snr) == 3)": ((x < low) & ~(abs(x) < 1)) | (np.sqrt(y) == 3),
        "snr / 2 - z ** 2 != 1.5 and True": y / 2 - x**2 != 1.5,
    }
    for text, expected in cases.items():
        np.testing.assert_array_equal(Condition(text).holds({"z": x, "snr": y}), expected, err_msg=text)


@pytest.mark.parametrize(
    "text",
    ["", "snr >", "1 > 0", "__import__('os').system('true')", "snr.real > 1", "snr[0] > 1", "[x for x in z]", "f(z)", "z > 'a'",
     "lambda: z", "z if z else z", "abs(z, z)", "(" * 900 + "z" + ")" * 900, "z > 1" + " and z > 1" * 300, "max(z)"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(ConfigurationError, match="where: "):
        Condition(text)


def test_where_keeps_those_for_which_it_holds(data):
    values = arrays()
    kept = data.where("snr > 30 and abs(z) < 1")
    places = np.flatnonzero((values["snr"] > 30) & (abs(values["z"]) < 1))
    np.testing.assert_array_equal(kept.indices(), places)
    np.testing.assert_array_equal(kept.numpy()[0], values["image"][places])
    again = kept.where("z > 0")
    np.testing.assert_array_equal(again.indices(), places[values["z"][places] > 0])
    chunks = kept.chunks()
    assert chunks[0][0] == 0 and chunks[-1][1] == len(kept) and all(a[1] == b[0] for a, b in pairwise(chunks))
    for start, stop in chunks:
        assert len(set(places[start:stop] // 8)) == 1


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("snr > 1000", DatasetError, "no example is left where snr > 1000"),
        ("depth > 1", DatasetError, "no array 'depth'"),
        ("position > 1", DatasetError, "position has"),
        ("snr + 1", ConfigurationError, "is a number"),
    ],
)
def test_a_condition_that_does_not_fit_the_dataset(data, text, error, message):
    with pytest.raises(error, match=message):
        data.where(text)


# -- weights -------------------------------------------------------------------------------------------------------


def test_classes_weigh_alike(data):
    label = arrays()["label"]
    weights = data.balanced("label").weights()
    for value in (0, 1):
        np.testing.assert_allclose(weights[label == value].sum(), COUNT / 2, rtol=1e-6)
    x, y, w = data.balanced("label").batches(16, seed=2)[1]
    order = data.batches(16, seed=2).order(0)[16:32]
    np.testing.assert_array_equal(y, arrays()["position"][order])
    np.testing.assert_array_equal(w, weights[order])
    assert x.dtype == w.dtype == np.float32


def test_weights_from_a_property(data):
    weights = data.weighted("snr").weights([5, 3])
    snr = arrays()["snr"]
    np.testing.assert_allclose(weights, snr[[5, 3]] / snr.mean(), rtol=1e-5)
    with pytest.raises(DatasetError, match="z: as weights"):
        data.weighted("z")


def test_keras_takes_the_weights(data):
    import keras

    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile(loss="mse")
    weighted = data.weighted("snr")
    found = model.evaluate(weighted.batches(COUNT, shuffle=False), verbose=0)
    x, y = data.numpy()
    errors = ((model.predict(x, verbose=0) - y) ** 2).mean(axis=1)
    assert found == pytest.approx(float((errors * weighted.weights()).mean()), rel=1e-4)


# -- mirrors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("memory_limit", [2**30, 4000])
def test_points_move_with_their_images(data, memory_limit):
    batches = data.mirrored().batches(COUNT, seed=5, memory_limit=memory_limit)
    original, places = arrays()["image"], []
    for epoch in (0, 1):
        batches.epoch = epoch
        images, points = (
            np.concatenate(parts) for parts in zip(*(batches[k] for k in range(len(batches))), strict=True)
        )
        rows, columns = points.astype(int).T
        assert (images[np.arange(COUNT), rows, columns, 0] == 100).all()
        np.testing.assert_allclose(np.sort(images, axis=None), np.sort(original, axis=None))
        places.append(points)
    assert (places[0] != places[1]).mean() > 0.5
    assert len(np.unique(places[0], axis=0)) > 20


def bright(shape, count=60):
    """One bright pixel in each image, a mask of it, where it is, and a height that no turn changes."""
    generator = np.random.default_rng(9)
    place = np.stack([generator.uniform(0, 9, count), *(generator.integers(0, n, count) for n in shape)], axis=1)
    image = np.zeros((count, *shape, 1), np.float32)
    image[np.arange(count), place[:, 1].astype(int), place[:, 2].astype(int), 0] = np.arange(1, count + 1)
    return {
        "image": image,
        "spots": image > 0,
        "place": place.astype(np.float32),
        "height": place[:, 0].astype(np.float32),
    }


@pytest.mark.parametrize(("shape", "turns"), [((6, 6), 8), ((4, 7), 4)])
def test_masks_points_and_heights_belong_to_the_turned_image(tmp_path, shape, turns):
    values = bright(shape)
    path = write_dataset(tmp_path / "m.zarr", values, unit=32, chunk=8)
    images, masks = dm.open_dataset(path, inputs="image", targets="spots").mirrored().batches(60, seed=2)[0]
    np.testing.assert_array_equal(masks, images > 0)
    data = dm.open_dataset(path, inputs="image", targets=["place", "height"]).mirrored()
    assert data.mirror.turns == turns
    images, targets = data.batches(60, seed=2)[0]
    rows, columns = targets[:, 1].astype(int), targets[:, 2].astype(int)
    which = images[np.arange(60), rows, columns, 0].astype(int) - 1
    assert sorted(which) == list(range(60))
    np.testing.assert_array_equal(targets[:, 0], values["place"][which, 0])
    np.testing.assert_array_equal(targets[:, 3], values["height"][which])
    assert (targets[:, 1:3] != values["place"][which, 1:]).any()


def test_what_turns_with_the_image_but_is_no_point_is_refused(tmp_path):
    values = bright((6, 6))
    values = {"image": values["image"], "orientation": values["height"]}
    data = dm.open_dataset(write_dataset(tmp_path / "o.zarr", values), inputs="image", targets="orientation")
    with pytest.raises(
        ConfigurationError, match=r"orientation is property \(\) in rad; cannot be turned with 6 x 6 images"
    ):
        data.mirrored()


# -- parts, mixtures, live examples --------------------------------------------------------------------------------


def test_parts_hold_every_example_once(data):
    parts = [data.part(k, 4) for k in range(4)]
    np.testing.assert_array_equal(np.sort(np.concatenate([p.indices() for p in parts])), np.arange(COUNT))
    assert max(map(len, parts)) - min(map(len, parts)) <= 16
    with pytest.raises(ConfigurationError, match="part: 4 of 4"):
        data.part(4, 4)


def test_a_mixture_holds_the_examples_of_all(data, path, tmp_path):
    other_values = arrays(70, seed=8)
    other = dm.open_dataset(
        write_dataset(tmp_path / "b.zarr", other_values, unit=16, chunk=4, seed="2"), inputs="image", targets="position"
    )
    mixed = dm.mix([data[20:], other])
    expected = np.concatenate([arrays()["image"][20:], other_values["image"]])
    np.testing.assert_array_equal(mixed.numpy()[0], expected)
    np.testing.assert_array_equal(mixed.numpy([150, 0, 131, 129])[0], expected[[150, 0, 131, 129]])
    snr = np.concatenate([arrays()["snr"][20:], other_values["snr"]])
    np.testing.assert_array_equal(mixed.where("snr > 20").numpy()[0], expected[snr > 20])
    batches = mixed.batches(32, seed=1, memory_limit=5000)
    read = np.concatenate([batches[k][0] for k in range(len(batches))])
    np.testing.assert_allclose(np.sort(read, axis=None), np.sort(expected, axis=None))
    train, validation = mixed.split(0.2)
    assert len(train) + len(validation) == 200
    assert [m["seed"] for m in mixed.identity["members"]] == ["1", "2"]


def test_shares_of_a_mixture(data, path):
    mixed = dm.mix([data, data], shares=[3, 1])
    assert len(mixed) == 150 + 50
    with pytest.raises(ConfigurationError, match="shares"):
        dm.mix([data, data], shares=[1])
    with pytest.raises(DatasetError, match="mix: "):
        dm.mix([data, dm.open_dataset(path, inputs="image", targets="label")])


def rendered(indices):
    image = np.zeros((len(indices), 4, 4, 1), np.float32) + indices[:, None, None, None]
    return {"image": image, "number": indices.astype(np.float32)}


@pytest.mark.parametrize("fresh", [True, False])
def test_live_examples_are_rendered_when_asked_for(fresh):
    data = dm.live(rendered, 100, targets="number", name="numbers", fresh=fresh, chunk=16)
    batches = data.batches(32, seed=1)
    for epoch in (0, 1, 2):
        batches.epoch = epoch
        numbers = np.concatenate([batches[k][1][:, 0] for k in range(len(batches))])
        np.testing.assert_array_equal(np.sort(numbers), np.arange(100) + (100 * epoch if fresh else 0))
        assert (np.diff(numbers) != 1).any()
    np.testing.assert_array_equal(data.numpy([3, 99])[0][:, 0, 0, 0], [3, 99])


def test_a_simulator_is_plugged_in(data):
    sc = pytest.importorskip("simcore", reason="simcore is not installed")
    particle = sc.PointEmitter(x=sc.uniform(4, 11), y=sc.uniform(4, 11), intensity=100)
    optics = sc.Fluorescence(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(16, 16))
    recipe = sc.Recipe(image=particle >> optics, position=sc.positions(particle))
    live = dm.live(lambda indices: recipe.render(indices=indices, seed=1), 40, targets="position", name="emitter")
    np.testing.assert_array_equal(live.numpy([7, 30])[0], recipe.render(indices=[7, 30], seed=1)["image"])


@pytest.mark.parametrize(
    ("render", "message"),
    [
        (lambda indices: 1 / 0, "division by zero"),
        (lambda indices: np.zeros(3), "gives ndarray"),
        (lambda indices: {"image": np.zeros((9, 2, 2, 1))}, r"image has shape \(9, 2, 2, 1\)"),
        (lambda indices: {"picture": np.zeros((len(indices), 2, 2, 1))}, "no array 'image'"),
    ],
)
def test_callables_that_do_not_render(render, message):
    with pytest.raises(DatasetError, match=message):
        dm.live(render, 10, name="broken").input_shape  # noqa: B018


# -- other frameworks ----------------------------------------------------------------------------------------------


def test_tensorflow_sees_every_example_once_per_epoch(data):
    view = data.tf(32, seed=4)
    seen = [np.concatenate([y.numpy() for _, y in view]) for _ in (0, 1)]
    for targets in seen:
        np.testing.assert_array_equal(np.sort(targets, axis=0), np.sort(arrays()["position"], axis=0))
    assert (seen[0] != seen[1]).any() and int(view.cardinality()) == 5


def test_torch_sees_every_example_once_per_epoch(data):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    batches = list(data.torch(32, seed=4))
    images = np.concatenate([x.numpy() for x, _ in batches])
    assert images.shape == (COUNT, 1, 6, 6)
    np.testing.assert_allclose(np.sort(images, axis=None), np.sort(arrays()["image"], axis=None))
