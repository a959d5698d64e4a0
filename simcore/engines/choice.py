"""Which engine renders the units: chosen, and checked, before anything is written."""

import os
from typing import TYPE_CHECKING

import attrs

from simcore.datasets import layout as layouts
from simcore.engines.cluster import connected, on_cluster, silent_logs
from simcore.engines.parts import Part, read_part
from simcore.engines.processes import local_cluster
from simcore.engines.progress import Report
from simcore.engines.threads import on_threads
from simcore.engines.unit import Job
from simcore.errors import ParameterError

if TYPE_CHECKING:
    from simcore.engines.cluster_file import ClusterFile


@attrs.frozen
class Engine:
    """What renders the units of a dataset: see `simcore.run.generate` for what the fields mean."""

    workers: int = 1
    processes: bool = False
    scheduler: str | None = None
    cluster: "ClusterFile | None" = None
    part: Part | None = None

    def run(self, job: Job, units: list[int], report: Report) -> None:
        """Render and store these units; an error leaves those that were committed."""
        if self.scheduler is None and self.cluster is None and not self.processes:
            return on_threads(job, units, report, self.workers)
        with silent_logs():
            if self.scheduler is not None:
                with connected(self.scheduler) as client:
                    return on_cluster(client, job, units, report)
            if self.cluster is not None:
                from simcore.engines.queues import queue_cluster  # noqa: PLC0415  (optional)

                with queue_cluster(self.cluster) as (client, check):
                    return on_cluster(client, job, units, report, check)
            with local_cluster(min(self.workers, len(units))) as (client, check):
                return on_cluster(client, job, units, report, check, dashboard=False)


def choose(
    workers: int, processes: bool, scheduler: str | None, cluster: str | os.PathLike[str] | None, part: str | None
) -> Engine:
    """The engine that is asked for.

    Raises:
        ParameterError: a value that cannot be, or several engines at once.

    """
    workers = layouts.whole("workers", workers, least=1)
    given = {"processes": processes or None, "scheduler": scheduler, "cluster": cluster}
    several = [name for name, value in given.items() if value is not None]
    if len(several) > 1:
        raise ParameterError(f"{several[0]}: not together with {several[1]}; one of them renders the units")
    if part is not None and (scheduler or cluster):
        raise ParameterError(f"part: not together with {several[0]}; a part is rendered by the process that is asked")
    return Engine(workers, processes, scheduler, _cluster_file(cluster), None if part is None else read_part(part))


def _cluster_file(path: str | os.PathLike[str] | None) -> "ClusterFile | None":
    if path is None:
        return None
    from simcore.engines.cluster_file import read_cluster_file  # noqa: PLC0415  (rarely needed)

    return read_cluster_file(path)
