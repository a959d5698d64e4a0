"""Datasets verified: checksums of everything, and a fraction of the examples rendered again and compared."""

import math
import os
import threading

import attrs
import numpy as np

from simcore.datasets.checking import GROUP, Fault, UnitCheck
from simcore.datasets.dataset import Dataset, read_group
from simcore.datasets.documents import made_alike
from simcore.datasets.layout import CHECKSUMS, Layout, RecipeLike, metadata_sha256, whole
from simcore.datasets.storage import open_storage
from simcore.engines.progress import Report
from simcore.errors import DatasetError, ParameterError, RecipeError, StorageError
from simcore.keeping.survey import check_version, recipe_in, survey

CLOSE = 1e-5  # of full scale: what another instruction level may change


@attrs.frozen
class Verification:
    """What was found.

    Attributes:
        path: of the dataset.
        complete: whether it is sealed.
        identity: of a sealed dataset.
        examples: in it.
        compared: examples that were rendered again.
        faults: everything that is not as it should be.
        notes: what could not be checked, or agrees only nearly.

    """

    path: str
    complete: bool
    identity: str | None
    examples: int
    compared: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it is sealed and nothing is wrong with it."""
        return self.complete and not self.faults


def verify(
    path: str | os.PathLike[str],
    fraction: float = 0.0,
    *,
    workers: int = 1,
    trust: bool = False,
    progress: bool | None = False,
) -> Verification:
    """Hold a dataset against everything that it must be: documents, checksums, and some examples rendered again.

    Args:
        path: a local path or an fsspec URL.
        fraction: of the examples that are rendered again and compared, spread over the dataset; which follows from
            its identity. At least one when it is not 0.
        workers: units looked at at once.
        trust: whether code in its recipe may run. Checksums never need it.
        progress: False shows nothing.

    Returns:
        what is wrong, object by object.

    Raises:
        ParameterError: a fraction outside 0 .. 1.
        DatasetError: no dataset there, or one of another render version whose examples shall be rendered again.
        UntrustedCodeError: examples shall be rendered again, and its recipe holds code that is not trusted.
        StorageError: the disk or the object store refused.

    """
    if not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise ParameterError(f"fraction: {fraction!r}; must be from 0 to 1")
    workers = whole("workers", workers, least=1)
    storage = open_storage(path)
    try:
        dataset = read_group(storage)
    except StorageError:
        raise
    except DatasetError as error:
        if not storage.sizes(CHECKSUMS):
            raise
        return _without_group(storage.url, error)
    return _verify(dataset, fraction, workers, trust, progress)


def _without_group(url: str, error: DatasetError) -> Verification:
    fault = Fault(GROUP, str(error).removeprefix(f"{url}: "))
    note = f"without it nothing else can be checked; simcore repair {url} --recipe recipe.yaml --seed N makes it again"
    return Verification(url, False, None, 0, 0, (fault,), (note,))


def _verify(dataset: Dataset, fraction: float, workers: int, trust: bool, progress: bool | None) -> Verification:
    recipe, notes = None, []
    try:
        recipe = recipe_in(dataset, trust)
    except (RecipeError, DatasetError) as error:
        if fraction:
            raise
        notes = [f"its documents are compared with each other only ({error})"]
    comparison = _Comparison(dataset, recipe, fraction) if recipe and fraction else None
    layout = Layout(tuple(recipe.outputs.values()), dataset.metadata) if recipe else None
    with Report(len(dataset), 0, progress) as report:
        found = survey(dataset, layout, workers, report, comparison.look if comparison else None)
    if dataset.extending:
        notes.append(f"it is being extended to {dataset.extending['count']:,} examples: run simcore extend again")
    elif not dataset.complete:
        notes.append(
            f"it is not sealed, {len(found.absent):,} of {len(found.rows):,} units are to be made: generate it"
        )
    faults = (*found.faults, *(comparison.faults if comparison else ()))
    notes += comparison.notes() if comparison else []
    compared = comparison.compared if comparison else 0
    return Verification(dataset.path, dataset.complete, dataset.identity, len(dataset), compared, faults, tuple(notes))


def chosen(dataset: Dataset, fraction: float) -> np.ndarray:
    """The examples that are rendered again: one in each of as many equal parts of the dataset as the fraction asks for."""
    count = len(dataset)
    number = min(count, math.ceil(fraction * count))
    edges = np.array([part * count // number for part in range(number + 1)])
    key = int(metadata_sha256({"identity": dataset.identity, "of": dataset.metadata["recipe_sha256"]})[:32], 16)
    places = np.random.Generator(np.random.Philox(key=key)).random(number)
    return edges[:-1] + np.floor(places * np.diff(edges)).astype(np.int64)


class _Comparison:
    """Examples rendered again, unit by unit, from several threads."""

    def __init__(self, dataset: Dataset, recipe: RecipeLike, fraction: float) -> None:
        check_version(dataset, "checksums alone need no --fraction")
        self.dataset, self.recipe = dataset, recipe
        self.chosen = chosen(dataset, fraction)
        self.alike = made_alike(dataset.about)
        self.faults: list[Fault] = []
        self.compared = self.close = 0
        self.lock = threading.Lock()

    def look(self, check: UnitCheck) -> None:
        unit = self.dataset.metadata["unit"]
        indices = self.chosen[(self.chosen // unit) == check.unit]
        whole = [shard for shard in check.shards if shard.what is None]
        if not len(indices) or not whole:
            return
        metadata = self.dataset.metadata
        rendered = self.recipe.render(
            indices=indices + metadata["first"], seed=int(metadata["seed"]), split=metadata["split"], threads=1
        )
        found = [self._compare(shard.array, indices, rendered[shard.array]) for shard in whole]
        with self.lock:
            self.compared += len(indices)
            self.close += max(close for _, close in found)
            faults = [
                Fault(s.key, what, s.array, check.unit) for s, (what, _) in zip(whole, found, strict=True) if what
            ]
            self.faults += faults

    def _compare(self, name: str, indices: np.ndarray, rendered: np.ndarray) -> tuple[str | None, int]:
        """What is wrong, and in how many examples only the last bits differ as they may."""
        try:
            stored = np.asarray(self.dataset[name].oindex[indices])
        except DatasetError:
            return None, 0  # its document is told of
        except Exception as error:  # whatever the codecs raise
            return f"it cannot be decoded ({error})", 0
        if stored.shape != rendered.shape or stored.dtype != rendered.dtype:
            return f"it holds {stored.dtype} {stored.shape[1:]}, not {rendered.dtype} {rendered.shape[1:]}", 0
        apart = [differs(one, other) for one, other in zip(stored, rendered, strict=True)]
        wrong = [place for place, by in enumerate(apart) if by > (0 if self.alike else CLOSE)]
        if not wrong:
            return None, sum(by > 0 for by in apart)
        place = wrong[0]
        return (
            f"example {indices[place]} is not what is rendered again (off by {apart[place]:.2g} of full scale; "
            f"{len(wrong)} of {len(indices)} examples compared)"
        ), 0

    def notes(self) -> list[str]:
        """What agrees only nearly."""
        if not self.close:
            return []
        return [
            f"{self.close:,} of {self.compared:,} examples agree within {CLOSE} of full scale only: made on another "
            "instruction level, or with other versions of NumPy, SciPy or Numba"
        ]


def differs(stored: np.ndarray, rendered: np.ndarray) -> float:
    """By how much of full scale an example differs: 0 if no byte does, inf where whole numbers or gaps do."""
    if stored.tobytes() == rendered.tobytes():
        return 0.0
    if rendered.dtype.kind not in "fc" or not np.array_equal(np.isfinite(stored), np.isfinite(rendered)):
        return math.inf
    finite = np.isfinite(rendered)
    scale = float(np.abs(rendered[finite]).max(initial=0)) or 1.0
    return max(float(np.abs(stored[finite] - rendered[finite]).max(initial=0)) / scale, math.ulp(0.0))
