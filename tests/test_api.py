"""The documentation's snippets, as they stand there, at small sizes."""

import numpy as np
import pytest

import dtmodels as dm
import simcore as sc
from dtmodels import cli as dtmodels_cli
from simcore import cli as simcore_cli

DESCRIBE = """
import simcore as sc
from simcore.units import nm

particle = sc.MieSphere(
    x=sc.uniform(22, 28), y=sc.uniform(22, 28), z=sc.normal(0, 1.0),
    radius=sc.uniform(1.0, 2.0), refractive_index=sc.uniform(1.5, 1.6))
microscope = sc.Brightfield(
    numerical_aperture=sc.uniform(0.15, 0.25), wavelength=sc.spectrum(400 * nm, 700 * nm, count=10),
    pixel_size=0.2, refractive_index_medium=1.33, shape=(51, 51))
snr = sc.uniform(2, 60)
flip = sc.FlipLeftRight(probability=0.5)

clean = particle >> microscope
frame = (clean
         >> sc.IlluminationGradient(x=sc.normal(0, 3e-3), y=sc.normal(0, 3e-3))
         >> sc.PoissonNoise(snr=snr, background=1)
         >> sc.NormalizeMinMax(sc.uniform(0, 0.2), sc.uniform(0.8, 1)))

recipe = sc.Recipe(
    image=frame >> flip,                          # what the network sees
    position=sc.positions(particle) >> flip,      # the same flip: one draw, applied to both
    clean=clean >> flip,
    snr=snr, z=particle.z)                        # any property is a truth that can be stored
"""

RENDER = """
arrays = recipe.render(count=8, seed=1)           # dict of NumPy arrays, image: (8, 51, 51, 1) float32
one = recipe.render(indices=[123_456_789], seed=1, outputs=["image"])
recipe.preview(count=8, seed=1)                   # a matplotlib figure
recipe.generate("localization.zarr", count=400, seed=1)
lazy = recipe.dask(count=1_000_000, seed=1)       # dict of dask arrays, rendered when computed

recipe.save("localization.yaml")
assert sc.load("localization.yaml") == recipe
print(recipe.to_python())                         # source that rebuilds the same recipe
"""

RECIPE_FILE = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(22, 28), y=uniform(22, 28), z=normal(0, 1.0), radius=uniform(1.0, 2.0), refractive_index=uniform(1.5, 1.6))
  microscope: Brightfield(numerical_aperture=uniform(0.15, 0.25), wavelength=spectrum("400 nm", "700 nm", count=10), pixel_size=0.2,
                refractive_index_medium=1.33, shape=(51, 51))
  snr:        uniform(2, 60)
  flip:       FlipLeftRight(probability=0.5)
  clean:      particle >> microscope
  frame:      clean >> PoissonNoise(snr=snr, background=1) >> NormalizeMinMax(uniform(0, 0.2), uniform(0.8, 1))
outputs:
  image:      frame >> flip
  position:   positions(particle) >> flip
  snr:        snr
  z:          particle.z
"""  # noqa: E501

TRAINING_FILE = """
format: dtmodels-training/1
data:   {inputs: image, targets: position, validation: 0.1}
input:  {grey: true, resize: [51, 51], normalize: minmax}
model:  {kind: cnn, convolutions: [16, 32, 64], dense: [32, 32], outputs: 2}
fit:    {loss: mae, optimizer: {adam: {learning_rate: 1e-3}}, epochs: 2, batch_size: 64, seed: 1}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("api")
    (path / "recipe.yaml").write_text(RECIPE_FILE)
    (path / "training.yaml").write_text(TRAINING_FILE)
    return path


def test_describe_look_generate(folder, monkeypatch):
    monkeypatch.chdir(folder)
    space: dict = {}
    exec(DESCRIBE, space)
    exec(RENDER, space)
    arrays, lazy = space["arrays"], space["lazy"]
    assert arrays["image"].shape == (8, 51, 51, 1) and arrays["image"].dtype == np.float32
    # the same flip moved picture and truth: the darkest ring lies around the position
    error = np.linalg.norm(dm.radial_center(arrays["clean"]) - arrays["position"], axis=1)
    assert np.median(error) < 0.05
    assert lazy["image"].shape == (1_000_000, 51, 51, 1)
    np.testing.assert_array_equal(lazy["snr"][999_990:].compute(), space["recipe"].render(
        indices=range(999_990, 1_000_000), seed=1, outputs=["snr"])["snr"])  # fmt: skip
    assert set(space["one"]) == {"image"}


def test_train_from_what_lies_on_disk(folder, monkeypatch):
    monkeypatch.chdir(folder)
    recipe = sc.load("recipe.yaml")
    recipe.generate("train.zarr", count=400, seed=1, progress=False)
    recipe.generate("test.zarr", count=100, seed=2, progress=False)
    data = dm.open_dataset("train.zarr", inputs="image", targets="position")
    train, validation = data.split(validation=0.1)
    model = dm.models.cnn(input_shape=data.input_shape, convolutions=(16, 32, 64), dense=(32, 32), outputs=2)
    assert model.count_params() == 98_178
    dm.fit(model, train, validation, loss="mae", epochs=2, batch_size=64, directory="runs/localization")
    report = dm.evaluate("runs/localization", "test.zarr", versus=["snr", "z"])
    assert {"network", "radial_center"} <= set(report.numbers) and set(report.tables) == {"snr", "z"}
    frames = (255 * recipe.render(5, seed=3, outputs=["image"])["image"]).astype(np.uint8)
    np.save("frames.npy", frames)
    table = dm.predict("runs/localization", "frames.npy")
    assert list(table.columns[:3]) == ["frame", "y", "x"] and len(table) == 5
    assert dm.radial_center(frames[..., 0]).shape == (5, 2)


def test_the_command_lines(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)

    def simcore(command: str) -> str:
        assert simcore_cli.run(command.split()) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    def dtmodels(command: str) -> str:
        with pytest.raises(SystemExit) as left:
            dtmodels_cli.main(command.split())
        text = capsys.readouterr()
        assert not left.value.code, text.err
        return text.out

    simcore("preview recipe.yaml --count 4 --seed 1 --out preview.png")
    simcore("generate recipe.yaml cli.zarr --count 4e2 --seed 1 --workers 2")
    assert "400" in simcore("info cli.zarr")
    space: dict = {}
    exec(simcore("export recipe.yaml"), space)
    assert space["recipe"] == sc.load("recipe.yaml")
    simcore("generate recipe.yaml fresh.zarr --count 100 --seed 5")
    dtmodels("train training.yaml --data cli.zarr --out runs/cli")
    dtmodels("train training.yaml --data cli.zarr --out runs/cli --resume")
    assert "radial" in dtmodels("evaluate runs/cli --data fresh.zarr --versus snr,z")
    np.save("frames.npy", (255 * np.random.Generator(np.random.Philox(1)).random((3, 80, 80))).astype(np.uint8))
    dtmodels("predict runs/cli frames.npy --out tracks.csv")
    assert "98178" in dtmodels("info runs/cli").replace(",", "")
    compile(dtmodels("export training.yaml"), "train.py", "exec")


def test_scenes_targets_sources_and_maths(tmp_path, monkeypatch):
    """The fragments of the acceptance text on repeats, targets, splits, measured images and maths for direct use."""
    monkeypatch.chdir(tmp_path)
    np.savez("mnist.npz", x_train=np.zeros((9, 28, 28), np.uint8) + np.arange(28, dtype=np.uint8), y_train=np.arange(9))
    particle = sc.MieSphere(
        x=sc.uniform(0, 128), y=sc.uniform(0, 128), z=sc.uniform(2, 30), radius=0.24, refractive_index=1.5
    )
    scene = particle.repeat(sc.integers(2, 9), min_distance=6)
    hologram = sc.Holography(
        numerical_aperture=0.9, wavelength=0.633, pixel_size=0.345, shape=(128, 128), tolerance=0.05
    )
    digits = sc.Source("mnist.npz", image="x_train", label="y_train", order="random")
    warp = sc.Affine(rotation=sc.uniform(-0.35, 0.35))
    snr = sc.where(sc.equal(sc.split, "train"), sc.uniform(2, 60), 10)
    image = scene >> hologram >> sc.PoissonNoise(snr=snr, background=1)
    recipe = sc.Recipe(
        image=sc.stored(image, dtype="uint16", scale=16),
        mask=scene >> sc.DiskMask(radius=3, shape=(128, 128)),
        density=scene >> sc.GaussianDensity(sigma=10, shape=(128, 128)),
        volume=scene >> sc.SphereVolume(radius=3, z=(2, 30), planes=56, shape=(128, 128)),
        instances=scene >> sc.InstanceMask(pixel_size=0.345, shape=(128, 128), merge="overwrite"),
        kinds=scene >> sc.SemanticMask(pixel_size=0.345, shape=(128, 128)),
        distance=scene >> sc.DistanceMap(limit=20, shape=(128, 128)),
        position=sc.positions(scene, axes="zyx"),
        properties=sc.properties(scene, "radius", "refractive_index"),
        count=scene.count,
        digit=digits.image >> warp,
        label=digits.label,
    )
    arrays = recipe.render(2, seed=1)
    assert arrays["image"].dtype == np.uint16 and arrays["mask"].dtype == bool
    assert arrays["volume"].shape == (2, 128, 128, 56) and arrays["position"].shape == (2, 8, 3)
    np.testing.assert_array_equal(arrays["position_count"], arrays["count"])
    assert sc.loads(recipe.canonical) == recipe
    # Targets alone are the same as together with the image, and an output more changes nothing.
    np.testing.assert_array_equal(recipe.render(2, seed=1, outputs=["density"])["density"], arrays["density"])
    a, b = sc.mie.coefficients(5.0, 1.2)
    assert a.shape == b.shape and sc.mie.efficiencies(5.0, 1.2).extinction > 0
    assert sc.mie.amplitudes(5.0, 1.2, [1.0])[0].shape == (1,)
    microscope = sc.Fluorescence(numerical_aperture=1.2, wavelength=0.52, pixel_size=0.1, shape=(33, 33))
    stack = sc.psf(microscope, z=[-1, 0, 1])
    assert stack.shape == (3, 33, 33) and stack[1].max() > stack[0].max()
    assert abs(sc.pupil(hologram)).max() == 1
