"""Measured data of the examples: from the folder that DTMODELS_DATA names, else from where its authors published it."""

import os
from pathlib import Path

import pooch

ROOT = Path(__file__).parents[1]
# Videos of Helgadottir et al., Optica 6, 506 (2019), CC BY 4.0, in the authors' repository; file, SHA-256, address.
_DEEPTRACK = "https://raw.githubusercontent.com/DeepTrackAI/DeepTrack2"
_PYLORENZMIE = "https://raw.githubusercontent.com/davidgrier/pylorenzmie"
SOURCES = {
    "trapped_particle/low_noise.mp4": (
        "543b91fde0e7882706b6691e816b3b0e5a137a32b4a4652a366f0030a76a7aa8",
        f"{_DEEPTRACK}/4a9c8cc676095202199c7c716069855b189ffba8/DeepTrack%201.0/"
        "DeepTrack%20-%20Example%202%20-%20Optically%20Trapped%20Particle%20Good.mp4",
    ),
    "trapped_particle/high_noise.mp4": (
        "d4393eab8bac9ba3d502b57bc85a416421b0e58b5f38dfb73569abd34cce4d88",
        f"{_DEEPTRACK}/9705913d92a49eaee8bbe2c8c1db5fccc499cacf/DeepTrack/Examples/"
        "DeepTrack%20-%20Example%202%20-%20Optically%20Trapped%20Particle%20Bad.mp4",
    ),
    # In-line holograms of D. G. Grier's group, in the repository of their own software.
    "holograms/PS_silica.png": (
        "969eb6c74a72e0c2b322edff911a7a1578e0889ce1aa220ca7edb935f3fc01fd",
        f"{_PYLORENZMIE}/24c82b90aed72b832aebcfed5bf5c9e3a9c00de7/docs/tutorials/PS_silica.png",
    ),
    "holograms/image0010.png": (
        "8c9338928828000a5d63e1427b455f1a6caf5d25b1406e3666a400378eddf23a",
        f"{_PYLORENZMIE}/b76119f657545e26cc98c800276ec50183d326e9/docs/tutorials/image0010.png",
    ),
    "holograms/image0400.png": (
        "48ceef183a49fca44bc519be6f04b8f12793356eb0dc42c26723c78b4ae1502f",
        f"{_PYLORENZMIE}/b76119f657545e26cc98c800276ec50183d326e9/docs/tutorials/image0400.png",
    ),
}


class MissingData(Exception):  # noqa: N818
    """Measured data that is neither on this machine nor can be fetched."""


def places() -> list[Path]:
    """Folders that may hold measured data."""
    return [Path(place) for place in (os.environ.get("DTMODELS_DATA"), ROOT.parent / "shared" / "data") if place]


def folder(name: str) -> Path:
    """Return the path of a folder of measured data, which is not fetched; MissingData where there is none."""
    for place in places():
        if (place / name).is_dir():
            return place / name
    raise MissingData(f"{name}: set DTMODELS_DATA to the folder that holds it")


def measured(name: str) -> Path:
    """Return the path of a measured file, fetched once and checked; MissingData says why it cannot be had."""
    for place in places():
        if (place / name).is_file():
            return place / name
    if name not in SOURCES:
        raise MissingData(f"{name}: set DTMODELS_DATA to the folder that holds it")
    digest, address = SOURCES[name]
    try:
        return Path(
            pooch.retrieve(address, known_hash=f"sha256:{digest}", fname=name.replace("/", "-"), progressbar=False)
        )
    except Exception as error:  # whatever the network or the checksum says
        reason = " ".join(str(error).split())[:120]
        raise MissingData(
            f"{name}: set DTMODELS_DATA to the folder that holds it ({type(error).__name__}: {reason})"
        ) from None
