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


@pytest.fixture
def no_figures(request, monkeypatch):
    """Drawing takes most of the time of an evaluation: only the tests that look at figures draw."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr("dtmodels.evaluation.figures.figures_of", lambda draft: {})


@pytest.fixture
def drawn():
    """Asked for by tests that look at figures."""


@pytest.fixture(scope="session")
def particles(tmp_path_factory):
    """A run that gives back the image, and 30 scenes: of five particles it misses the dim one, exactly."""
    from fakes import fake_run, identity
    from scenes import MASK, POINTS, scenes

    folder = tmp_path_factory.mktemp("particles")
    attributes = {"mask": MASK, "position": POINTS}
    data = write_dataset(folder / "test.zarr", scenes(30), seed="5", attributes=attributes)
    return fake_run(folder / "run", identity(), field=MASK), data


@pytest.fixture
def on_tensorflow():
    """Asked for by tests that speak TensorFlow's own language."""
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip(f"needs KERAS_BACKEND=tensorflow, is {keras.backend.backend()}")
