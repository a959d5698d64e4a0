"""What the picture of each feature shows: rows of shots, made by the feature's kind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tifffile

from simcore.catalogue import FAMILIES, FEATURES
from simcore.draws import integers, uniform
from simcore.features import Applied, Feature, Flow
from simcore.gallery.examples import MIDDLE, SIDE, built, example, parts_of, settings
from simcore.gallery.scenes import HEIGHTS, cells, fields, microscopes_for, particle_for, scene_for, standard_image
from simcore.motion import brownian, directed
from simcore.movies import MotionBlur, Movie
from simcore.rasters import SceneImage, boxes
from simcore.recipe import Recipe
from simcore.scenes import Microscope, Scatterer, Scene
from simcore.sources import Measured
from simcore.streams import Array
from simcore.structure import Branch
from simcore.targets import positions

SEED = 1
HOSTS = ("Fluorescence", "Darkfield")  # in which parts of microscopes are shown, if they fit there
LONGEST_TITLE = 24
PHOTONS = ("PhotonNoise", "Camera")  # noise of light that is counted in photons


VIEWS: dict[str, Callable[[Array], Array]] = {
    "value": lambda values: values,
    "magnitude": np.abs,
    "log magnitude": lambda values: np.log10(np.abs(values)),
    "phase": np.angle,
}


class Panel(NamedTuple):
    """What is drawn: an image (y, x), points (point, 2) and boxes (box, 4)."""

    image: Array
    points: Array
    boxes: Array


@dataclass(frozen=True)
class Shot:
    """One panel: an image flow, points and boxes drawn on it; ``entry`` picks the example, then the frame of a movie.

    ``view`` is one of `VIEWS`; ``channel`` of the image.
    """

    title: str
    flow: Flow
    points: Flow | None = None
    corners: Flow | None = None
    entry: tuple[int, ...] = (0,)
    channel: int = 0
    view: str = "value"

    @property
    def recipe(self) -> Recipe:
        outputs: dict[str, Any] = {"image": self.flow, "position": self.points, "boxes": self.corners}
        return Recipe(**{name: flow for name, flow in outputs.items() if flow is not None})

    def render(self) -> Panel:
        """Return the panel."""
        arrays = self.recipe.render(indices=[self.entry[0]], seed=SEED)
        place = (0, *self.entry[1:])
        values = arrays["image"][place][..., self.channel]
        values = VIEWS[self.view](values)
        rows = [
            arrays[name][place].reshape(-1, width) if name in arrays else np.zeros((0, width))
            for name, width in (("position", 2), ("boxes", 4))
        ]
        return Panel(values.astype(float), *rows)


@dataclass(frozen=True)
class Picture:
    """Rows of shots; with ``shared`` those of a row are shown on one scale. ``main`` is the shot whose recipe is ``quoted``."""

    rows: Sequence[Sequence[Shot]]
    shared: bool = False
    quoted: bool = True
    main: Shot | None = field(default=None)

    @property
    def recipe(self) -> Recipe:
        return (self.main or self.rows[0][0]).recipe


def shots(title: str, flow: Flow, **options: Any) -> list[Shot]:
    """Return the shots of one flow: of a field two, magnitude and phase; of several channels up to four."""
    if flow.kind == "field":
        spectrum = isinstance(flow, Applied) and flow.feature.title() == "FourierTransform"
        views = ("log magnitude" if spectrum else "magnitude", "phase")
        return [Shot(f"{title} {view}"[-LONGEST_TITLE:], flow, view=view, **options) for view in views]
    depth = flow.shape[-1] if flow.shape else 1
    if depth == 1:
        return [Shot(title, flow, **options)]
    return [Shot(f"{title} [{channel}]", flow, channel=channel, **options) for channel in range(min(depth, 4))]


def worded(title: str, change: dict[str, Any]) -> str:
    """Return the settings that tell a panel from the others of its picture."""
    same = [name for name in change if all(other.get(name) == change[name] for other in settings(title))]
    kept = change if len(settings(title)) == 1 else {name: change[name] for name in change if name not in same}
    words = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in kept.items()]
    while words and len(", ".join(words)) > LONGEST_TITLE:
        words.pop()
    return ", ".join(words) or title


# -- by kind -----------------------------------------------------------------------------------------------------------


def of_scatterer(title: str) -> Picture:
    """Through focus under one microscope, then under all that can image it; as a silhouette where none can."""
    able = microscopes_for(title)
    if not able:
        return Picture([[Shot("silhouette", example(title) >> example("InstanceMask"))]])  # type: ignore[operator]
    views = [[Shot(f"{able[0]}, z = {z:g} um", example(title, z=z) >> example(able[0])) for z in HEIGHTS]]  # type: ignore[operator]
    others = [shots(m, example(title, z=0.5) >> example(m))[0] for m in able[1:]]  # type: ignore[operator]
    return Picture([*views, *([others] if others else [])], shared=False, main=views[0][3])


def of_microscope(title: str) -> Picture:
    """A scene of particles at several heights, and one of them through focus."""
    scene = shots("scene", standard_image(title))
    focus = [shots(f"z = {z:g} um", particle_for(title, z=z) >> example(title)) for z in HEIGHTS]
    rows = [[whole, *(shot[i] for shot in focus)] for i, whole in enumerate(scene)]
    return Picture(rows, main=scene[0])


def of_target(title: str) -> Picture:
    """The image of a scene, and the target beside it."""
    scene, microscope = cells()
    seen = Shot("image", scene >> microscope, positions(scene, microscope=microscope))  # type: ignore[arg-type]
    made = shots(title, scene >> example(title))
    return Picture([[seen, *made]], main=made[0])


def of_movie(title: str) -> Picture:
    """The frames of a moving particle."""
    movie = example(title)
    scene, microscope = moving(0.6), example("Brightfield")
    flow, points = scene >> microscope >> movie, positions(scene) >> movie
    frames = [Shot(f"frame {t}", flow, points, entry=(0, t)) for t in range(min(flow.shape[0], 5))]
    return Picture([frames], shared=True)


def of_blur(title: str) -> Picture:
    """A fast particle, sharp and blurred."""
    image, movie = moving(12.0) >> example("Brightfield"), example("Movie", frames=2, interval=0.2)
    blurred = [
        Shot(worded(title, change), image >> example(title, **change) >> movie, entry=(0, 1))
        for change in settings(title)
    ]
    return Picture([[Shot("at one moment", image >> movie, entry=(0, 1)), *blurred]], shared=True, main=blurred[0])


def moving(velocity: float) -> Any:
    x = directed(12.0, velocity, 0.0, 0.1)
    return example("MieSphere", x=x, y=brownian(MIDDLE, 0.2, 0.1), z=0.7)


def of_part(title: str) -> Picture:
    """The image through focus of a feature with this one inside, under the same without."""
    cls = FEATURES[title]
    kinds = {base.__name__ for base in cls.__mro__} - {"Feature", "Node", "object"}
    hosts = [(host, name) for host in FEATURES for name, part in parts_of(FEATURES[host]).items() if part.kind in kinds]
    host, name = min(hosts, key=lambda place: HOSTS.index(place[0]) if place[0] in HOSTS else len(HOSTS))
    without, inside = example(host), example(host, **{name: [example(title)]})
    rows = [
        [Shot(f"{word}, z = {z:g} um", particle_for(host, z=z) >> feature) for z in HEIGHTS]
        for word, feature in (("without", without), (title, inside))
    ]
    return Picture(rows, main=rows[1][2])


def of_branch(title: str) -> Picture:
    """Several examples of one recipe."""
    flow = standard_image() >> example(title)
    row = [Shot("before", standard_image()), *(Shot(f"example {i}", flow, entry=(i,)) for i in range(4))]
    return Picture([row], shared=True, main=row[1])


def of_operation(title: str) -> Picture:
    """Before and after, for each setting."""
    source = before(title)
    tracked = "points" in FEATURES[title].takes
    scene = scene_for("Brightfield")
    points = positions(scene, microscope=example("Brightfield")) if tracked else None  # type: ignore[arg-type]
    if tracked:
        source = scene >> (microscope := example("Brightfield"))
        points = positions(scene, microscope=microscope)  # type: ignore[arg-type]
    row = shots("before", source, points=points)
    first = len(row)
    for change in settings(title):
        feature = built(FEATURES[title], change)
        after = None if points is None else points >> feature
        row += shots(worded(title, change), source >> feature, points=after)
    return Picture([row[:6]], shared=title in noise_titles() and title not in PHOTONS, main=row[first])


def noise_titles() -> list[str]:
    """Return what changes the light a little: shown on the scale of the image before."""
    return [title for module in FAMILIES["Noise and camera"] for title in module.__all__] + ["IlluminationGradient"]


def before(title: str) -> Flow:
    """Return what an operation is shown on."""
    takes = FEATURES[title].takes
    if title in PHOTONS:
        return standard_image("Fluorescence")
    if title in ("FourierTransform", "InverseFourierTransform"):
        scattered = standard_image("ComplexField", incident=False)
        return scattered if title == "FourierTransform" else scattered >> example("FourierTransform")
    if title == "Grayscale":
        return standard_image("ComplexField") >> example("RealImaginary")
    return standard_image() if "image" in takes else standard_image("ComplexField")


@cache
def measured() -> tuple[tempfile.TemporaryDirectory, Array]:
    """Return a folder with images that stand in for measured ones: a stack and single files."""
    folder = tempfile.TemporaryDirectory(prefix="simcore-")
    scene = repeated()
    stack = Recipe(image=scene >> example("Brightfield")).render(4, seed=SEED)["image"][..., 0]
    np.save(Path(folder.name) / "stack.npy", stack)
    for number, image in enumerate(stack):
        tifffile.imwrite(Path(folder.name) / f"image{number}.tif", image)
    return folder, stack


def of_measured(title: str) -> Picture:
    """Entries of a source, as several examples get them."""
    folder = Path(measured()[0].name)
    names = {"path": str(folder / "stack.npy"), "pattern": str(folder / "*.tif")}
    source: Any = example(title, **{name: value for name, value in names.items() if name in fields(title)})
    return Picture([[Shot(f"example {i}", source.image, entry=(i,)) for i in range(5)]], quoted=False)


MAKERS: tuple[tuple[type[Feature], Callable[[str], Picture]], ...] = (
    (Scatterer, of_scatterer),
    (Microscope, of_microscope),
    (SceneImage, of_target),
    (Movie, of_movie),
    (MotionBlur, of_blur),
    (Branch, of_branch),
    (Measured, of_measured),
)


def of_repeat(title: str) -> Picture:
    """Several examples of a repeated particle."""
    scene, microscope = repeated(), example("Brightfield")
    flow, points = scene >> microscope, positions(scene, microscope=microscope)  # type: ignore[arg-type]
    return Picture([[Shot(f"example {i}", flow, points, entry=(i,)) for i in range(5)]])


def repeated() -> Scene:
    """Return a random number of particles that keep their distance."""
    x, y, z = uniform(6, SIDE - 6), uniform(6, SIDE - 6), uniform(-1, 1)
    particle: Any = example("MieSphere", x=x, y=y, z=z)
    return particle.repeat(integers(3, 8), min_distance=14)


def of_boxes(title: str) -> Picture:
    """Bodies and their boxes, the corners as points."""
    scene, microscope = cells()
    return Picture([[Shot("image", scene >> microscope, corners=boxes(scene, microscope))]])  # type: ignore[arg-type]


# Pictures of what is no feature.
PICTURED: dict[str, Callable[[str], Picture]] = {"repeat": of_repeat, "positions": of_repeat, "boxes": of_boxes}


def picture(title: str) -> Picture:
    """Return the picture of a feature or a function."""
    if title in PICTURED:
        return PICTURED[title](title)
    cls = FEATURES[title]
    for kind, make in MAKERS:
        if issubclass(cls, kind):
            return make(title)
    return of_operation(title) if cls.takes else of_part(title)
