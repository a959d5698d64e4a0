"""Example projects: the cases of the paper, as recipe and training file, ready to be copied into a folder of the user's."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from studio.errors import ProjectError

FOLDER = Path(__file__).with_name("projects")


@dataclass(frozen=True)
class Example:
    """One case; ``needs`` says which measured data it takes, which are not part of the package."""

    name: str
    case: str
    title: str
    meaning: str
    needs: str = ""

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return FOLDER / self.name


EXAMPLES = (
    Example(
        "digit_classification",
        "A",
        "Which digit is it?",
        "Handwritten digits, shifted, turned, sheared, bent; a dense network.",
        "digits.npz with the fields image and label (MNIST)",
    ),
    Example(
        "single_particle_tracking",
        "B",
        "Where is the particle?",
        "One sphere out of focus in white light; a convolutional network.",
    ),
    Example(
        "particle_sizing",
        "C",
        "How large is the particle?",
        "Radius and refractive index of a sphere from its scattered field.",
    ),
    Example(
        "quantum_dots",
        "D",
        "Where are the quantum dots?",
        "Points of light, some close to each other; a U-Net that marks them.",
    ),
    Example(
        "holograms_3d",
        "E",
        "Where are they in three dimensions?",
        "Spheres at many heights in one hologram; a U-Net with 56 planes.",
    ),
    Example(
        "cell_counting",
        "F",
        "How many cells are there?",
        "Stained nuclei that touch; a U-Net whose density adds up to their number.",
    ),
    Example(
        "synthetic_micrographs",
        "G",
        "What would the microscope show?",
        "Sections of tissue made from their masks; a conditional adversarial network.",
        "patches.npz, which examples/synthetic_micrographs makes of sections (Gerhard et al., figshare 856713)",
    ),
)


def copy(example: Example, folder: Path) -> Path:
    """Copy an example's files into a new or empty folder, which is returned.

    Raises ProjectError if the folder holds something, or the disk refuses.
    """
    try:
        folder = folder.expanduser().resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ProjectError(f"{folder}: holds something already; choose a new or an empty folder")
        for path in sorted(example.folder.glob("*.yaml")):
            shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise ProjectError(f"{folder}: {error.strerror or error}") from None
    except (RuntimeError, ValueError) as error:  # a user who is not known here, links in a circle, a null byte
        raise ProjectError(f"{folder}: no folder: {error}") from None
    return folder
