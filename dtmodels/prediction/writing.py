"""Tables as CSV and parquet, images and masks as TIFF; each file whole or not at all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.errors import ConfigurationError, MissingPackageError

Array = np.ndarray[Any, Any]
PRINTED = "-"
TABLES, PICTURES = (".csv", ".parquet"), (".tif", ".tiff")


def check_suffix(path: Path, pictures: bool) -> None:
    """Refuse a file name whose ending does not say what will be in it; MissingPackageError for parquet without pyarrow."""
    if str(path) == PRINTED and not pictures:
        return
    allowed = PICTURES if pictures else TABLES
    if path.suffix.lower() not in allowed:
        what = "images and masks" if pictures else "tables"
        raise ConfigurationError(f"--out {path}: must end in {' or '.join(allowed)}: {what} are written")
    if path.suffix.lower() == ".parquet":
        require_pyarrow()


def require_pyarrow() -> None:
    """MissingPackageError that says what to install, if pyarrow is not there."""
    try:
        import pyarrow  # noqa: F401, PLC0415
    except ImportError:
        raise MissingPackageError("parquet needs pyarrow: pip install 'dtmodels[parquet]'") from None


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as its ending says, or print it."""
    if str(path) == PRINTED:
        sys.stdout.write(table.to_csv(index=False))
        return
    with replaced(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary file that takes the place of ``path`` when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".part-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_pictures(path: Path, pictures: Iterator[Array]) -> int:
    """Write blocks (frame, y, x, channel) as the pages of one TIFF stack, channels before y and x; return the frames.

    Masks become 0 and 255. Nothing is held but the block at hand.
    """
    import tifffile  # noqa: PLC0415

    count = 0
    with replaced(path) as temporary, tifffile.TiffWriter(temporary, bigtiff=True) as file:
        for block in pictures:
            for picture in block:
                page = np.moveaxis(picture, -1, 0) if picture.shape[-1] > 1 else picture[..., 0]
                page = page.astype(np.uint8) * 255 if page.dtype == bool else page
                file.write(np.ascontiguousarray(page), contiguous=True, photometric="minisblack")
                count += 1
    return count
