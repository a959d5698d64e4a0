"""The figure of evaluation.md: a small network beside classical methods on the same simulated images, in a few minutes."""

import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")

import dtmodels as dm
import simcore as sc

HERE = Path(__file__).parent


def recipe() -> sc.Recipe:
    """A fluorescent point anywhere near the centre of 25 x 25 pixels, in and out of focus."""
    emitter = sc.PointEmitter(x=sc.uniform(8, 16), y=sc.uniform(8, 16), z=sc.uniform(-0.4, 0.4), intensity=1000)
    microscope = sc.Fluorescence(numerical_aperture=0.7, wavelength=0.5, pixel_size=0.1, shape=(25, 25))
    snr = sc.log_uniform(3, 40)
    image = emitter >> microscope >> sc.PoissonNoise(snr=snr, background=10) >> sc.NormalizeMinMax(0, 1)
    return sc.Recipe(image=image, position=sc.positions(emitter), snr=snr, z=emitter.z)


def main() -> None:
    """Generate, train, compare, and keep the figure."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        recipe().generate(out / "train.zarr", count=6000, seed=1)
        recipe().generate(out / "test.zarr", count=2000, seed=2)
        train, validation = dm.open_dataset(out / "train.zarr", inputs="image", targets="position").split(0.1)
        model = dm.models.cnn(train.input_shape, convolutions=(8, 16, 32), dense=(32,), outputs=2, seed=1)
        rate = {"adam": {"learning_rate": 2e-3}}
        run = dm.fit(
            model,
            train,
            validation,
            loss="mae",
            optimizer=rate,
            schedule="cosine",
            epochs=20,
            directory=out / "network",
        )
        contenders = [run, "radial_center", "gaussian_fit", {"trackpy": {"diameter": 11}}]
        report = dm.compare(contenders, out / "test.zarr", versus=["snr", "z"], bins=8)
        print(report)
        shutil.copy(report.directory / "error_versus_snr.png", HERE / "evaluation.png")


if __name__ == "__main__":
    main()
