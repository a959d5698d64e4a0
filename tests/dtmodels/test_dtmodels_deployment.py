"""Networks for programs without Keras: the same outputs, in a process of their own, or nothing at all."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from test_dtmodels_networks import TINY, tiny

import dtmodels as dm
from dtmodels.deployment import export_model, run_exported
from dtmodels.errors import ConfigurationError, MissingPackageError, RunError


@pytest.fixture(scope="module")
def onnx():
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("volume", "savedmodel"),
        pytest.param("recurrent", "onnx", marks=pytest.mark.thorough),
        pytest.param("recurrent", "savedmodel", marks=pytest.mark.thorough),
        pytest.param("cgan", "onnx", marks=pytest.mark.thorough),
    ],
)
def test_every_kind_says_the_same(name, format, onnx, tmp_path):
    model = tiny(name)
    path = export_model(model, tmp_path / "out" / name, format)
    images = np.random.default_rng(1).normal(size=(3, *TINY[name][0])).astype(np.float32)
    np.testing.assert_allclose(run_exported(path, images), model.predict(images, verbose=0), atol=1e-5)
    assert [entry.name for entry in path.parent.iterdir()] == [name]


@pytest.mark.parametrize("format", ["savedmodel", "onnx"])
def test_images_of_any_size(format, onnx, tmp_path):
    model = dm.models.unet((None, None, 1), convolutions=(4,), base=(4,), output_convolutions=(), seed=1)
    path = export_model(model, tmp_path / "free", format)
    for size in ((9, 12), (16, 7)):
        images = np.random.default_rng(1).normal(size=(1, *size, 1)).astype(np.float32)
        np.testing.assert_allclose(run_exported(path, images), keras.ops.convert_to_numpy(model(images)), atol=1e-5)


def test_a_run_in_a_program_that_knows_no_keras(run, onnx, tmp_path):
    images = np.random.default_rng(2).normal(size=(4, 21, 21, 1)).astype(np.float32)
    run.export(tmp_path / "spots.onnx", format="onnx")
    np.save(tmp_path / "images.npy", images)
    code = (
        "import onnxruntime, numpy, sys; session = onnxruntime.InferenceSession('spots.onnx'); "
        "numpy.save('outputs.npy', session.run(None, {session.get_inputs()[0].name: numpy.load('images.npy')})[0]); "
        "assert not {'keras', 'tensorflow', 'dtmodels'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    expected = run.model.predict(images, verbose=0)
    np.testing.assert_allclose(np.load(tmp_path / "outputs.npy"), expected, atol=1e-5 * np.abs(expected).max())


def test_nothing_is_left_of_what_cannot_be(onnx, tmp_path, monkeypatch):
    with pytest.raises(ConfigurationError, match="format: 'tflite'; must be one of savedmodel, onnx"):
        export_model(tiny("cnn"), tmp_path / "out", "tflite")
    (tmp_path / "there").write_text("kept")
    with pytest.raises(ConfigurationError, match="exists already"):
        export_model(tiny("cnn"), tmp_path / "there", "onnx")
    monkeypatch.setattr("dtmodels.deployment.run_exported", lambda path, images: np.zeros((2, 2), np.float32))
    with pytest.raises(RunError, match="exported as onnx differs by 1.0e\\+00 of its largest output"):
        export_model(tiny("cnn"), tmp_path / "out", "onnx")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(MissingPackageError, match=r"onnx needs tf2onnx: pip install 'dtmodels\[onnx\]'"):
        export_model(tiny("cnn"), tmp_path / "out", "onnx")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("there", "kept")]
