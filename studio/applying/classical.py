"""Classical methods on measured frames, as they stand in dtmodels, written as tables like those of the networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.browsing.pictures import real
from studio.errors import StudioError
from studio.running.places import results_of

METHODS = ("radial_center", "trackpy")


def locate(project: Path, measured: str, method: str, diameter: int = 11, minmass: float = 0.0) -> str:
    """Find particles in every frame by a classical method, write the table, return its path in the project.

    ``radial_center`` finds one place in each frame; ``trackpy`` all particles of ``diameter`` (odd, px) with ``minmass`` or more.
    StudioError where that cannot be done.
    """
    import pandas as pd  # noqa: PLC0415  (slow to import)

    from dtmodels.classical import track_radial_center  # noqa: PLC0415
    from dtmodels.errors import DtmodelsError  # noqa: PLC0415
    from dtmodels.fitting import locate as located  # noqa: PLC0415
    from dtmodels.frames import grey  # noqa: PLC0415
    from dtmodels.io import iterate_frames  # noqa: PLC0415

    source = project / measured
    try:
        if method == "radial_center":
            table = track_radial_center(source)
        else:
            # Frame by frame, from the file: what the page holds may be its beginning only.
            every = (grey(real(np.asarray(frame))) for frame in iterate_frames(source))
            found = [located(frame[..., 0], diameter, minmass) for frame in every]
            if not found:
                raise StudioError(f"{measured}: holds no frames")
            rows = np.concatenate([np.column_stack([np.full(len(one), k), one]) for k, one in enumerate(found)])
            table = pd.DataFrame(rows, columns=["frame", "y", "x"]).astype({"frame": int})
        out = project / results_of(measured) / f"{method}.csv"
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = out.with_name(f".part-{out.name}")
        table.to_csv(beside, index=False)
        beside.replace(out)
    except (DtmodelsError, OSError, ValueError, MemoryError) as error:
        raise StudioError(f"{method} on {measured}: {' '.join(str(error).split())}") from None
    return out.relative_to(project).as_posix()
