"""A trained network as a feature of a simulation: the same image alone, in any batch and from any thread."""

import threading

import keras
import numpy as np
import pytest
from fakes import convolutions, fake_run

from dtmodels import apply
from dtmodels.errors import RunError, SourceError

IMAGES = np.random.default_rng(5).random((21, 32, 32, 1), np.float32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "generator.keras"
    convolutions(pooled=True, shape=(32, 32)).save(path)
    return path


def test_it_gives_what_keras_gives(saved):
    expected = np.asarray(keras.models.load_model(saved, compile=False)(IMAGES))
    found = apply.generator(saved)(IMAGES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_image_is_the_same_in_any_batch(saved):
    network = apply.generator(saved)
    whole = network(IMAGES)
    for first, stop in ((0, 1), (3, 20), (20, 21), (5, 13)):
        np.testing.assert_array_equal(network(IMAGES[first:stop]), whole[first:stop])
    assert network(IMAGES[:0]).shape == (0, 32, 32, 1)


def test_it_is_loaded_once_for_all_threads(saved, monkeypatch):
    loaded = []
    original = keras.models.load_model

    def counted(*arguments, **named):
        loaded.append(arguments)
        return original(*arguments, **named)

    monkeypatch.setattr(keras.models, "load_model", counted)
    monkeypatch.setattr(apply, "_loaded", {})
    expected, found = original(saved, compile=False)(IMAGES), {}

    def work(k):
        found[k] = apply.generator(saved)(IMAGES)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1 and len(found) == 4
    for result in found.values():
        np.testing.assert_allclose(result, np.asarray(expected), atol=1e-6)
        np.testing.assert_array_equal(result, found[0])


def test_in_a_recipe(saved):
    """The rendered image is the network's output for the rendered mask, in whatever block it comes."""
    sc = pytest.importorskip("simcore", reason="simcore is not built here")
    particle = sc.PointEmitter(x=sc.uniform(8, 24), y=sc.uniform(8, 24), intensity=1)
    mask = particle >> sc.GaussianDensity(sigma=2, shape=(32, 32))
    recipe = sc.Recipe(mask=mask, image=mask >> sc.Apply("dtmodels.apply:generator", str(saved)))
    arrays = recipe.render(count=11, seed=3)
    network = keras.models.load_model(saved, compile=False)
    np.testing.assert_allclose(arrays["image"], np.asarray(network(arrays["mask"])), atol=1e-6)
    one = recipe.render(indices=[7], seed=3, outputs=["image"])["image"]
    np.testing.assert_array_equal(one[0], arrays["image"][7])


def test_a_run_directory_will_do(tmp_path):
    directory = fake_run(tmp_path / "run", convolutions(shape=(32, 32)))
    np.testing.assert_array_equal(
        apply.generator(directory)(IMAGES), apply.generator(directory / "model.keras")(IMAGES)
    )


def test_what_cannot_be_applied(saved, tmp_path):
    with pytest.raises(RunError, match=r"no such file; must be a run directory"):
        apply.generator(tmp_path / "nothing.keras")
    (tmp_path / "junk.keras").write_bytes(b"junk")
    with pytest.raises(RunError, match="cannot be loaded"):
        apply.generator(tmp_path / "junk.keras")
    with pytest.raises(SourceError, match=r"images of shape \(16, 16, 1\); the network takes \(32, 32, 1\)"):
        apply.generator(saved)(np.zeros((2, 16, 16, 1)))
