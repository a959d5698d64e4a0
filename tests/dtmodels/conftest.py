import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest
from spots import spots
from writer import write_dataset


@pytest.fixture(scope="session")
def datasets(tmp_path_factory):
    """A training and a test dataset of Gaussian spots, of one recipe and two seeds."""
    folder = tmp_path_factory.mktemp("datasets")
    train = write_dataset(folder / "train.zarr", spots(2200, 1), unit=256, chunk=32, seed="1")
    test = write_dataset(folder / "test.zarr", spots(300, 2), unit=256, chunk=32, seed="2")
    return train, test


@pytest.fixture(scope="session")
def run(datasets, tmp_path_factory):
    """A small network trained on the spots."""
    import dtmodels as dm

    data = dm.open_dataset(datasets[0], inputs="image", targets="position")
    train, validation = data.split(validation=0.1)
    model = dm.models.cnn(data.input_shape, convolutions=(8, 16), dense=(32,), outputs=2, seed=1)
    return dm.fit(
        model, train, validation, loss="mae", epochs=12, batch_size=32, schedule="cosine",
        optimizer={"adam": {"learning_rate": 3e-3}}, directory=tmp_path_factory.mktemp("runs") / "spots",
    )  # fmt: skip
