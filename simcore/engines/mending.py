"""Damaged units rendered again: what a task of a repair does."""

import contextlib
import threading
import time

from simcore import datasets
from simcore.datasets.checking import UnitCheck
from simcore.datasets.digests import digest
from simcore.datasets.mending import Mended, mend_row, mend_unit
from simcore.datasets.storage import open_storage
from simcore.engines.rooms import Rooms, taken
from simcore.engines.unit import Done, Job, examples, job_layout, render_unit


def mend(job: Job, check: UnitCheck, stop: threading.Event | None, rooms: Rooms) -> tuple[Done, Mended]:
    """Mend a unit; it is rendered again unless only the checksum of its row was harmed."""
    started, storage = time.perf_counter(), open_storage(job.url)
    if mend_row(storage, check):
        mended = Mended(witnessed=True)
    else:
        with contextlib.ExitStack() as held:
            with rooms.turns:
                memory = held.enter_context(taken(rooms.arrays))
                layout = job_layout(job)
                arrays = render_unit(job, layout, check.unit, memory, stop)
            mended = mend_unit(storage, layout, check, arrays)
    return Done(check.unit, examples(job, [check.unit]), mended.stored, time.perf_counter() - started), mended


def rendered_digests(job: Job, unit: int) -> tuple[bytes, ...]:
    """Checksums of the shards of a unit as they are rendered now."""
    layout = job_layout(job)
    arrays = render_unit(job, layout, unit, {})
    shards = (datasets.encode_shard(layout, o, unit, arrays[o.name])[1] for o in layout.outputs)
    return tuple(digest(job.metadata, shard) for shard in shards)
