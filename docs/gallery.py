"""The pictures of the gallery, one for each family: python docs/gallery.py [NAME ...] writes docs/gallery/NAME.png.

All of them are simulated; each function holds the recipe of its picture.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import simcore as sc
from simcore.gallery.drawing import save
from simcore.units import nm

FOLDER = Path(__file__).parent / "gallery"
SEED = 1
PIXEL = 0.24  # um, of the cells
PANEL = 1.9  # inches
COLOURS = 96


def sheet(rows: int, columns: int, height: float = PANEL) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(columns * PANEL, rows * (height + 0.2)), dpi=100, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    return figure, axes


def show(axis, image, title, colours="gray", aspect="equal", limits=(None, None)):
    axis.imshow(image, cmap=colours, vmin=limits[0], vmax=limits[1], aspect=aspect, interpolation="nearest")
    axis.set_title(title, fontsize=7, pad=2)


def one(flow, example=0, **others):
    """Render the image of one example, (y, x); with ``others`` all outputs."""
    arrays = sc.Recipe(image=flow, **others).render(indices=[example], seed=SEED)
    return {name: values[0] for name, values in arrays.items()} if others else arrays["image"][0, ..., 0]


# -- particles under coherent light ---------------------------------------------------------------------------------------


def particles(z_low=-3.0, z_high=3.0, count=9, side=128, radius=(0.3, 0.6)):
    place = sc.uniform(8, side - 8), sc.uniform(8, side - 8), sc.uniform(z_low, z_high)
    sphere = sc.MieSphere(
        x=place[0], y=place[1], z=place[2], radius=sc.uniform(*radius), refractive_index=sc.uniform(1.4, 1.5)
    )
    return sphere.repeat(count, min_distance=20)


def coherent():
    """One scene under five microscopes."""
    optics = {"numerical_aperture": 0.9, "wavelength": 0.633, "pixel_size": 0.12, "shape": (128, 128)}
    spectrum = optics | {"wavelength": sc.spectrum(0.45, 0.65, count=5)}
    scene = particles()
    field = one(scene >> sc.ComplexField(**optics))
    figure, axes = sheet(1, 5)
    show(axes[0, 0], one(scene >> sc.Brightfield(**spectrum)), "Brightfield, five wavelengths", limits=(0.3, 2.2))
    show(axes[0, 1], one(scene >> sc.Holography(**optics)), "Holography", limits=(0.3, 2.2))
    show(axes[0, 2], np.angle(field), "ComplexField, phase")
    show(axes[0, 3], np.sqrt(one(scene >> sc.Darkfield(**optics))), "Darkfield, square root")
    show(axes[0, 4], one(scene >> sc.OffAxisHolography(**optics)), "OffAxisHolography")
    return figure


def holography():
    """Spheres in a volume; holograms of one sphere at all heights, seen from the side (z upwards)."""
    optics = {"numerical_aperture": 0.9, "wavelength": 0.633, "pixel_size": 0.2}
    scene = particles(3, 25, count=7, side=256, radius=(0.25, 0.4))
    hologram = one(scene >> sc.Holography(**optics, shape=(256, 256)) >> sc.PoissonNoise(snr=20, background=1))
    figure, axes = sheet(1, 4)
    show(axes[0, 0], hologram, "seven spheres, z 3 to 25 um")
    for axis, (index, words) in zip(
        axes[0, 1:], ((1.45, "index 1.45"), (1.2, "index 1.2"), (1.45 + 0.5j, "absorbing")), strict=True
    ):
        heights = np.linspace(-12, 12, 161)
        image = [
            one(
                sc.MieSphere(x=80, y=0, z=z, radius=0.5, refractive_index=index)
                >> sc.Holography(**optics, shape=(1, 161))
            )[0]
            for z in heights
        ]
        show(axis, np.array(image)[::-1], f"x, z -12 to 12 um: {words}", limits=(0.3, 2))
    return figure


def iscat():
    """A gold particle on a coverslip: the objective moves through focus."""
    optics = {"numerical_aperture": 1.3, "wavelength": 0.525, "pixel_size": 0.06, "shape": (96, 96)}
    radius, gold = 0.02, 0.6 + 2.07j  # gold at 525 nm
    heights = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
    figure, axes = sheet(2, len(heights))
    for column, z in enumerate(heights):
        gold_particle = sc.MieSphere(x=47.5, y=47.5, z=z, radius=radius, refractive_index=gold)
        light = sc.ISCAT(**optics, interface=z - radius, polarization_angle=None, refractive_index_immersion=1.518)
        show(axes[0, column], one(gold_particle >> light), f"ISCAT, z = {z:g} um")
        dark = sc.Darkfield(**optics, polarization_angle=None)
        show(axes[1, column], np.sqrt(one(gold_particle >> dark)), "Darkfield, root")
    return figure


# -- fluorescence ---------------------------------------------------------------------------------------------------------


def point_spread():
    """Emitters through focus, seen from the side: symmetric, and where that is broken."""
    optics = {"numerical_aperture": 1.2, "wavelength": 0.58, "pixel_size": 0.05, "shape": (81, 81)}
    oil = {"numerical_aperture": 1.4, "refractive_index_immersion": 1.518, "refractive_index_coverslip": 1.5255}
    cases = {
        "vectorial, water": (sc.Fluorescence(**optics), None),
        "scalar, water": (sc.Fluorescence(**optics, model="scalar"), None),
        "oil, focus 5 um deep in water": (sc.Fluorescence(**optics | oil, focus_depth=5.0), None),
        "dipole along x": (sc.Fluorescence(**optics), (np.pi / 2, 0.0)),
        "dipole along z": (sc.Fluorescence(**optics), (0.0, 0.0)),
    }
    heights = np.linspace(-2, 2, 81)
    figure, axes = sheet(3, len(cases))
    for column, (words, (microscope, dipole)) in enumerate(cases.items()):
        stack = sc.psf(microscope, z=heights, dipole=dipole)
        show(axes[0, column], np.sqrt(stack[:, 40][::-1]), f"{words}: x, z", "inferno")
        show(axes[1, column], np.sqrt(stack[40]), "x, y at z = 0", "inferno")
        show(axes[2, column], np.sqrt(stack[60]), "x, y at z = 1 um", "inferno")
        for axis in axes[:, column]:
            axis.title.set_fontsize(6)
    return figure


def aberrations():
    """The light scattered by a small sphere at five heights, behind an aberrated pupil."""
    chosen = {
        "none": [],
        "AstigmatismVertical": [sc.AstigmatismVertical(0.06)],
        "ComaHorizontal": [sc.ComaHorizontal(0.06)],
        "Spherical": [sc.Spherical(0.06)],
        "TrefoilOblique": [sc.TrefoilOblique(0.06)],
    }
    heights = (-1.2, -0.6, 0.0, 0.6, 1.2)
    optics = {"numerical_aperture": 1.1, "wavelength": 0.58, "pixel_size": 0.06, "shape": (64, 64)}
    figure, axes = sheet(len(chosen), len(heights))
    for row, (words, parts) in enumerate(chosen.items()):
        microscope = sc.Darkfield(**optics, polarization_angle=None, aberrations=parts)
        for column, z in enumerate(heights):
            sphere = sc.MieSphere(x=31.5, y=31.5, z=z, radius=0.05, refractive_index=1.6)
            show(axes[row, column], np.sqrt(one(sphere >> microscope)), f"{words}, z = {z:g} um", "inferno")
    return figure


def nuclei():
    """Stained nuclei as in BBBC039: sizes, shapes, brightness, grain and noise as measured there."""
    radius = sc.truncated_normal(14.6, 2.3, 5.6, 21) * PIXEL
    aspect = sc.truncated_normal(1.5, 0.35, 1.0, 2.6)
    thickness = sc.uniform(0.3, 0.5) * radius
    light = sc.lognormal(0, 0.27) * 1400  # photons in a pixel in the middle of a nucleus
    nucleus = sc.Ellipsoid(
        x=sc.uniform(-12, 268),
        y=sc.uniform(-12, 268),
        z=sc.shared(sc.normal(0, 0.5)) + sc.normal(0, 0.3),
        radius_x=radius * np.sqrt(aspect),
        radius_y=radius / np.sqrt(aspect),
        radius_z=thickness,
        rotation=sc.uniform(0, np.pi),
        intensity=light / (2 * thickness * PIXEL**2),
        deformation=sc.uniform(0.02, 0.08),
        texture=0.25,
        texture_scale=1.0,
    )
    return nucleus.repeat(
        sc.integers(5, 43),
        min_distance=2 * radius * sc.uniform(0.8, 1.3) / PIXEL,
        crowded="fewer",
        attempts=50,
    )


def cells():
    """Nuclei, and what a network may be asked for."""
    scene = nuclei()
    microscope = sc.Fluorescence(
        numerical_aperture=sc.uniform(0.9, 1.1), wavelength=0.45, pixel_size=PIXEL, shape=(256, 256)
    )
    camera = sc.Camera(quantum_efficiency=0.8, read_noise=7, gain=0.5, offset=135)
    image = scene >> microscope >> sc.Background(sc.uniform(10, 50)) >> camera
    mask = scene >> sc.InstanceMask(pixel_size=PIXEL, shape=(256, 256))
    density = scene >> sc.GaussianDensity(sigma=10, shape=(256, 256))
    arrays = sc.Recipe(image=image, mask=mask, density=density).render(6, seed=SEED)
    figure, axes = sheet(1, 5)
    for axis, example in zip(axes[0, :3], (0, 3, 4), strict=True):
        picture = arrays["image"][example, ..., 0]
        show(axis, picture, "Fluorescence of nuclei, Camera", limits=(130, np.quantile(picture, 0.997)))
    labels = arrays["mask"][4, ..., 0]
    show(axes[0, 3], np.where(labels > 0, labels * 7 % 19 + 1, 0), "InstanceMask", "nipy_spectral")
    show(axes[0, 4], arrays["density"][4, ..., 0], "GaussianDensity", "viridis")
    return figure


# -- what comes after the light -------------------------------------------------------------------------------------------


def noise():
    """One image, many noises."""
    scene = particles(-1, 1, count=6, side=96)
    clean = scene >> sc.Brightfield(0.9, sc.spectrum(450 * nm, 650 * nm, count=3), 0.12, (96, 96))
    photons = clean * 60
    kinds = {
        "clean": clean,
        "PoissonNoise, snr 5": clean >> sc.PoissonNoise(snr=5, background=1, signal="deviation"),
        "GaussianNoise, 0.1": clean >> sc.GaussianNoise(0.1),
        "SpeckleNoise, 20 looks": clean >> sc.SpeckleNoise(looks=20, correlation_length=2),
        "Camera, 60 photons": photons >> sc.Camera(0.8, read_noise=1.5, offset=100),
        "Camera, EM gain": photons >> sc.Camera(0.9, em_gain=200, read_noise=40, offset=200),
    }
    figure, axes = sheet(1, len(kinds))
    for axis, (words, flow) in zip(axes[0], kinds.items(), strict=True):
        show(axis, one(flow), words)
    return figure


def geometry():
    """Image and positions move alike."""
    scene = particles(-1, 1, count=7, side=96)
    microscope = sc.Brightfield(0.9, sc.spectrum(450 * nm, 650 * nm, count=3), 0.12, (96, 96))
    kinds = {
        "as rendered": None,
        "FlipLeftRight": sc.FlipLeftRight(probability=1),
        "QuarterTurn": sc.QuarterTurn(1),
        "Affine": sc.Affine(rotation=0.4, scale_x=1.2, shear=0.2, fill="reflect"),
        "Elastic": sc.Elastic(alpha=300, sigma=8, fill="reflect"),
        "Crop": sc.Crop((56, 72), y=8, x=4),
    }
    figure, axes = sheet(1, len(kinds))
    for axis, (words, feature) in zip(axes[0], kinds.items(), strict=True):
        image, points = scene >> microscope, sc.positions(scene, microscope=microscope)
        made = one(image, points=points) if feature is None else one(image >> feature, points=points >> feature)
        show(axis, made["image"][..., 0], words)
        height, width = made["image"].shape[:2]
        axis.plot(made["points"][:, 1], made["points"][:, 0], "+", color="tab:red", markersize=6)
        axis.set_xlim(-0.5, width - 0.5)
        axis.set_ylim(height - 0.5, -0.5)
    return figure


def targets():
    """What the particles of one scene can be turned into."""
    scene = particles(-1, 1, count=8, side=96, radius=(0.4, 0.9))
    microscope = sc.Brightfield(0.9, 0.6, 0.12, (96, 96))
    shape = {"shape": (96, 96)}
    kinds = {
        "DiskMask": sc.DiskMask(radius=4, **shape),
        "GaussianDensity": sc.GaussianDensity(sigma=4, **shape),
        "InstanceMask": sc.InstanceMask(pixel_size=0.12, **shape),
        "DistanceMap": sc.DistanceMap(limit=20, **shape),
        "BorderDistance": sc.BorderDistance(pixel_size=0.12, limit=20, **shape),
    }
    figure, axes = sheet(1, len(kinds) + 1)
    made = one(
        scene >> microscope, boxes=sc.boxes(scene, microscope), points=sc.positions(scene, microscope=microscope)
    )
    show(axes[0, 0], made["image"][..., 0], "image, positions, boxes")
    axes[0, 0].plot(made["points"][:, 1], made["points"][:, 0], "+", color="tab:red", markersize=5)
    for y0, x0, y1, x1 in made["boxes"]:
        frame = Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, edgecolor="tab:orange")
        axes[0, 0].add_patch(frame)
    for axis, (words, target) in zip(axes[0, 1:], kinds.items(), strict=True):
        show(axis, one(scene >> target), words, "viridis")
    return figure


def movies():
    """Diffusing emitters that blink: frames, and the tracks that are stored with them."""
    pixel = 0.1
    start = {axis: sc.uniform(10, 86) for axis in "xy"}
    emitter = sc.PointEmitter(
        x=sc.brownian(start["x"], diffusion=0.15, pixel_size=pixel),
        y=sc.brownian(start["y"], diffusion=0.15, pixel_size=pixel),
        intensity=1500 * sc.blinking(on_time=1.0, off_time=0.3),
    )
    scene = emitter.repeat(8, min_distance=12)
    microscope, blur = sc.Fluorescence(1.2, 0.58, pixel, (96, 96)), sc.MotionBlur()
    movie = sc.Movie(frames=60, interval=0.05)
    image = scene >> microscope >> blur >> sc.Background(4) >> sc.Camera(0.9, read_noise=1.5, offset=100)
    points = sc.positions(scene, microscope=microscope) >> blur
    arrays = sc.Recipe(image=image >> movie, points=points >> movie).render(1, seed=SEED)
    chosen = (0, 15, 30, 45)
    figure, axes = sheet(1, len(chosen) + 1)
    for axis, frame in zip(axes[0], chosen, strict=False):
        show(axis, arrays["image"][0, frame, ..., 0], f"{frame * 0.05:g} s", limits=(100, 160))
    show(axes[0, -1], np.full((96, 96), 1.0), "tracks, 3 s", limits=(0, 1))
    for track in np.moveaxis(arrays["points"][0], 1, 0):
        axes[0, -1].plot(track[:, 1], track[:, 0], linewidth=0.7)
    axes[0, -1].set_xlim(-0.5, 95.5)
    axes[0, -1].set_ylim(95.5, -0.5)
    return figure


PICTURES = (coherent, holography, iscat, point_spread, aberrations, cells, noise, geometry, targets, movies)


def main(names):
    mpl.use("agg")
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        if not names or picture.__name__ in names:
            path = FOLDER / f"{picture.__name__}.png"
            save(picture(), path, COLOURS)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
