"""Reading a dataset gives exactly what an independent writer of FORMAT.md wrote, and refuses what is not whole."""

import itertools
import json
import shutil

import numpy as np
import pytest
import zarr
from writer import shard_path, write_dataset

import dtmodels as dm
from dtmodels.errors import ConfigurationError, DatasetError

COUNT = 150


def arrays(count=COUNT):
    generator = np.random.default_rng(3)
    return {
        "image": generator.normal(size=(count, 5, 4, 1)).astype(np.float32),
        "position": generator.uniform(0, 5, (count, 2)).astype(np.float32),
        "snr": generator.uniform(2, 60, count).astype(np.float32),
        "label": np.arange(count, dtype=np.int64),
        "mask": generator.uniform(size=(count, 5, 4, 2)) < 0.3,
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    values = arrays()
    return write_dataset(tmp_path_factory.mktemp("data") / "a.zarr", values, unit=32, chunk=8, first=7), values


@pytest.fixture
def copy(written, tmp_path):
    """A dataset of one's own to damage."""
    shutil.copytree(written[0], tmp_path / "copy.zarr")
    return tmp_path / "copy.zarr"


def opened(path, **options):
    return dm.open_dataset(path, inputs="image", targets="position", **options)


def test_everything_is_read_as_written(written):
    path, values = written
    data = opened(path)
    assert (len(data), data.input_shape, data.target_shape) == (COUNT, (5, 4, 1), (2,))
    inputs, targets = data.numpy()
    np.testing.assert_array_equal(inputs, values["image"])
    np.testing.assert_array_equal(targets, values["position"])
    found = data.properties(["snr", "label", "mask"])
    for name in found:
        np.testing.assert_array_equal(found[name], values[name])
        assert found[name].dtype == values[name].dtype
    assert data.identity["first"] == 7
    assert data.identity["seed"] == "1"


@pytest.mark.parametrize("indices", [[149, 0, 31, 32, 0, 8], [], list(range(5, 140, 11))])
def test_indices_in_any_order(written, indices):
    path, values = written
    inputs, targets = opened(path).numpy(indices)
    np.testing.assert_array_equal(inputs, values["image"][indices])
    np.testing.assert_array_equal(targets, values["position"][indices])


def test_targets_are_concatenated(written):
    path, values = written
    data = dm.open_dataset(path, inputs="image", targets=["position", "snr", "label"])
    expected = np.column_stack([values["position"], values["snr"], values["label"]])
    np.testing.assert_array_equal(data.numpy()[1], expected.astype(np.float32))
    assert data.target_shape == (4,)
    mean, deviation = data.target_statistics()
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation, expected.std(axis=0), rtol=1e-6)


def test_images_as_targets_keep_their_shape(written):
    path, values = written
    data = dm.open_dataset(path, inputs="image", targets=["mask", "image"])
    assert data.target_shape == (5, 4, 3)
    np.testing.assert_array_equal(data.numpy()[1], np.concatenate([values["mask"], values["image"]], axis=-1))
    with pytest.raises(DatasetError, match="do not go together: mask"):
        dm.open_dataset(path, inputs="image", targets=["mask", "snr"])


@pytest.mark.parametrize("seed", [None, 0, 5])
def test_split_is_exact_deterministic_and_of_whole_chunks(written, seed):
    data = opened(written[0])
    train, validation = data.split(0.2, seed)
    again = data.split(0.2, seed)
    assert (len(train), len(validation)) == (120, 30)
    assert [part.ranges for part in again] == [train.ranges, validation.ranges]
    together = np.concatenate([train.indices(), validation.indices()])
    np.testing.assert_array_equal(np.sort(together), np.arange(COUNT))
    shared = set((train.indices() // 8).tolist()) & set((validation.indices() // 8).tolist())
    assert len(shared) <= 1
    if seed is None:
        np.testing.assert_array_equal(validation.indices(), np.arange(120, 150))
    else:
        assert validation.ranges != data.split(0.2, seed + 1)[1].ranges


def test_views_of_views_read_their_own_examples(written):
    path, values = written
    train, _ = opened(path).split(0.2, seed=4)
    part, _ = train.split(0.3, seed=1)
    np.testing.assert_array_equal(part.numpy()[0], values["image"][part.indices()])
    np.testing.assert_array_equal(part.numpy([3, 1])[0], values["image"][part.indices()[[3, 1]]])
    np.testing.assert_array_equal(train[10:25].indices(), train.indices()[10:25])
    with pytest.raises(IndexError):
        part.numpy([len(part)])
    with pytest.raises(ConfigurationError, match="validation: 1"):
        train.split(1)


@pytest.mark.parametrize("memory_limit", [2**30, 4000, 0])
def test_every_example_once_per_epoch(written, memory_limit):
    path, _ = written
    data = dm.open_dataset(path, inputs="image", targets=["label"]).split(0.1, seed=2)[0]
    batches = data.batches(16, seed=3, memory_limit=memory_limit)
    orders = []
    for epoch in (0, 1):
        batches.epoch = epoch
        read = [batches[k] for k in range(len(batches))]
        labels = np.concatenate([targets[:, 0] for _, targets in read]).astype(int)
        np.testing.assert_array_equal(np.sort(labels), data.indices())
        images = np.concatenate([inputs for inputs, _ in read])
        np.testing.assert_array_equal(images, arrays()["image"][labels])
        orders.append(labels)
    assert (orders[0] != orders[1]).mean() > 0.8
    again = data.batches(16, seed=3, memory_limit=memory_limit)
    np.testing.assert_array_equal(data.indices()[again.order(1)], orders[1])
    other = data.batches(16, seed=4, memory_limit=memory_limit)
    assert (other.order(0) != again.order(0)).mean() > 0.8


def test_streamed_batches_read_whole_chunks(written):
    """With little memory the examples of a group come from few chunks, each of them whole."""
    data = dm.open_dataset(written[0], inputs="image", targets=["label"])
    batches = data.batches(16, seed=3, memory_limit=12 * 32 * 4 * 5)
    order, edges = batches._shuffled(0)
    groups = [order[a:b] for a, b in itertools.pairwise(edges)]
    assert len(groups) > 2
    for group in groups:
        chunks, counts = np.unique(group // 8, return_counts=True)
        assert all(count == 8 or chunk == 18 for chunk, count in zip(chunks, counts, strict=True))


def test_without_shuffling_the_order_is_that_of_the_disk(written):
    batches = opened(written[0]).batches(16, shuffle=False, memory_limit=4000)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), written[1]["image"])


def test_keras_sees_every_example_once_per_epoch(written, on_tensorflow):
    """Through model.fit, where batches are fetched ahead of time by a thread."""
    import keras

    seen = []

    class Watching(keras.Model):
        def train_step(self, data):
            import tensorflow

            seen.append(tensorflow.numpy_function(lambda y: (seen.append(y), y)[1], [data[1]], tensorflow.float32))
            return {"loss": 0.0}

    data = dm.open_dataset(written[0], inputs="image", targets=["label"])
    inputs = keras.Input(data.input_shape)
    model = Watching(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))
    model.compile(optimizer="sgd", run_eagerly=True)
    batches = data.batches(32, seed=1, memory_limit=4000)
    batches.epoch = 5
    model.fit(batches, epochs=3, shuffle=False, verbose=0)
    labels = np.concatenate([y[:, 0] for y in seen if isinstance(y, np.ndarray)]).astype(int).reshape(3, COUNT)
    for epoch, row in enumerate(labels):
        np.testing.assert_array_equal(row, batches.order(5 + epoch))


def test_unsealed_is_refused_and_read_in_part_on_request(tmp_path):
    values = arrays()
    path = write_dataset(tmp_path / "part.zarr", values, units_written=3)
    with pytest.raises(DatasetError, match=r"not complete \(3 of 5 units"):
        opened(path)
    data = opened(path, allow_partial=True)
    np.testing.assert_array_equal(data.numpy()[0], values["image"][:96])
    shard_path(path, "snr", 1, 1).unlink()  # a row without its objects is no unit, whichever array lacks one
    np.testing.assert_array_equal(opened(path, allow_partial=True).indices(), [*range(32), *range(64, 96)])


def test_nothing_committed_yet(tmp_path):
    path = write_dataset(tmp_path / "none.zarr", arrays(), units_written=0)
    with pytest.raises(DatasetError, match="no unit is committed"):
        opened(path, allow_partial=True)


def edit(path, change):
    file = path / "zarr.json"
    document = json.loads(file.read_text())
    change(document["attributes"]["simcore"])
    file.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header["metadata"].update(seed="2"), "edited"),
        (lambda header: header["metadata"].update(count=140), "edited"),
        (
            lambda header: header.update(format="simcore-dataset/9"),
            "this version reads simcore-dataset/1 and simcore-dataset/2",
        ),
        (lambda header: header.update(identity="0" * 64), "changed after sealing"),
        (lambda header: header["metadata"].pop("chunk"), "lacks chunk"),
        (lambda header: header.pop("format"), "not a dataset"),
    ],
)
def test_edited_headers_are_refused(copy, change, message):
    edit(copy, change)
    with pytest.raises(DatasetError, match=message):
        opened(copy)


def test_a_header_from_another_dataset_is_refused(copy, tmp_path):
    other = write_dataset(tmp_path / "other.zarr", arrays(), seed="2")
    shutil.copy(other / "zarr.json", copy / "zarr.json")
    with pytest.raises(DatasetError, match="two different datasets"):
        opened(copy)


def test_an_edited_commit_record_is_refused(copy):
    zarr.open_group(copy, mode="r+")["shard_checksum"][2] = 7
    with pytest.raises(DatasetError, match="changed after sealing"):
        opened(copy)


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_lost_shards_are_noticed_when_opened(copy, damage):
    shard = shard_path(copy, "image", 2, 4)
    shard.unlink() if damage == "missing" else shard.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"image: stored data of unit 2 is missing or empty"):
        opened(copy)
    dm.open_dataset(copy, inputs="mask", targets="position")  # what is not read need not be there


def test_a_flipped_bit_is_noticed_when_read(copy):
    shard = shard_path(copy, "image", 1, 4)
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    data = opened(copy)
    data.numpy(np.arange(32))
    with pytest.raises(DatasetError, match="image of examples 32 to 39 cannot be read"):
        data.numpy()


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    values = arrays()
    values["position"][40] = np.nan
    data = opened(write_dataset(tmp_path / "nan.zarr", values))
    with pytest.raises(DatasetError, match="position of example 40 is not finite"):
        data.numpy()
    data.numpy([0, 39])
    with pytest.raises(DatasetError, match="position of example 40"):
        data.batches(16)


@pytest.mark.parametrize("where", ["nothing", "folder", "array", "foreign"])
def test_what_is_no_dataset(tmp_path, where):
    path = tmp_path / "x.zarr"
    if where == "folder":
        path.mkdir()
    elif where == "array":
        zarr.create_array(path, shape=(3,), dtype="f4")
    elif where == "foreign":
        zarr.create_group(path)
    with pytest.raises(DatasetError, match=r"no dataset here|not a dataset|cannot be opened"):
        opened(path)


def test_unknown_arrays_are_named_with_the_known_ones(written):
    with pytest.raises(DatasetError, match=r"no array 'snrr', but image, position, snr, label, mask"):
        opened(written[0]).properties(["snrr"])


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("label/zarr.json", True, "the attributes of label cannot be read"),
        ("label/zarr.json", {"scale_factor": "x", "add_offset": 0}, "the scale of label cannot be read"),
        ("label/zarr.json", {"scale_factor": 2}, "the scale of label cannot be read"),
        ("zarr.json", [1], "cannot be opened"),
    ],
)
def test_attributes_that_make_no_sense_are_one_line(written, tmp_path, name, attributes, message):
    shutil.copytree(written[0], tmp_path / "copy.zarr")
    file = tmp_path / "copy.zarr" / name
    file.write_text(json.dumps(json.loads(file.read_text()) | {"attributes": attributes}))
    with pytest.raises(DatasetError, match=message):
        dm.open_dataset(tmp_path / "copy.zarr", inputs="image", targets="label").numpy([0, 1])
