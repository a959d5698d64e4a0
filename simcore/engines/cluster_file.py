"""One file that says how workers are submitted to a queue; YAML, read without running anything."""

import os
import re
from pathlib import Path
from typing import Any

import attrs
import yaml
from dask.utils import parse_bytes

from simcore.errors import ParameterError

FORMAT = "simcore-cluster/1"
KINDS = ("slurm", "pbs", "sge", "lsf")
_WALLTIME = re.compile(r"(\d+-)?\d{1,3}(:\d{2}){0,2}")


def _count(file: "ClusterFile", field: "attrs.Attribute[int]", value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ParameterError(f"{field.name}: {value!r}; must be a whole number >= 1")


def _port(file: "ClusterFile", field: "attrs.Attribute[int]", value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 65536:
        raise ParameterError(f"{field.name}: {value!r}; must be a port, 0 (any) to 65535")


def _kind(file: "ClusterFile", field: "attrs.Attribute[str]", value: Any) -> None:
    if value not in KINDS:
        raise ParameterError(f"kind: {value!r}; must be one of {', '.join(KINDS)}")


def _memory(file: "ClusterFile", field: "attrs.Attribute[str]", value: Any) -> None:
    try:
        good = isinstance(value, str) and not value.strip().isdecimal() and parse_bytes(value) >= 1 << 20
    except ValueError:
        good = False
    if not good:
        raise ParameterError(f"memory: {value!r}; must be that of a job with its unit, such as 4GB")


def _walltime(file: "ClusterFile", field: "attrs.Attribute[str]", value: Any) -> None:
    if not isinstance(value, str) or not _WALLTIME.fullmatch(value):  # without quotes YAML reads 12:00:00 as 43200
        raise ParameterError(f'walltime: {value!r}; must be hours, minutes, seconds in quotes, such as "02:00:00"')


def _line(file: "ClusterFile", field: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not value.strip() or not value.isprintable()):
        raise ParameterError(f"{field.name}: {value!r}; must be one line of text")


def _lines(file: "ClusterFile", field: "attrs.Attribute[Any]", value: Any) -> None:
    if not isinstance(value, list):
        raise ParameterError(f"{field.name}: {value!r}; must be a list of lines of text")
    for line in value:
        _line(file, field, line if line is not None else "")


@attrs.frozen(kw_only=True)
class ClusterFile:
    """How workers are submitted to a queue.

    Attributes:
        kind: slurm, pbs, sge or lsf.
        jobs: how many are submitted.
        workers_per_job: worker processes in a job, each with one core.
        memory: of a job.
        walltime: after which the queue ends a job.
        queue: or partition; None: the default one.
        account: that is charged (in SGE and LSF: the project).
        resource_spec: what PBS and SGE are asked for (``-l``), instead of what follows from cores and memory.
        job_extra_directives: more lines for the head of the job's script, without ``#SBATCH`` and the like.
        job_directives_skip: lines with these texts are left out of its head.
        job_script_prologue: shell commands before the workers start, such as ``module load``.
        interface: network interface of scheduler and workers.
        scheduler_interface: of the scheduler, where it differs.
        scheduler_port: 0: any that is free.
        log_directory: where the queue writes what jobs print; its parent must exist.
        local_directory: for temporary files of workers.
        python: interpreter on the nodes, which has simcore installed; None: the one that runs now, with its packages.
        death_timeout: seconds after which a worker ends that finds no scheduler.

    """

    kind: str = attrs.field(validator=_kind)
    jobs: int = attrs.field(validator=_count)
    memory: str = attrs.field(validator=_memory)
    walltime: str = attrs.field(validator=_walltime)
    workers_per_job: int = attrs.field(default=1, validator=_count)
    queue: str | None = attrs.field(default=None, validator=_line)
    account: str | None = attrs.field(default=None, validator=_line)
    resource_spec: str | None = attrs.field(default=None, validator=_line)
    job_extra_directives: list[str] = attrs.field(factory=list, validator=_lines)
    job_directives_skip: list[str] = attrs.field(factory=list, validator=_lines)
    job_script_prologue: list[str] = attrs.field(factory=list, validator=_lines)
    interface: str | None = attrs.field(default=None, validator=_line)
    scheduler_interface: str | None = attrs.field(default=None, validator=_line)
    scheduler_port: int = attrs.field(default=0, validator=_port)
    log_directory: str | None = attrs.field(default=None, validator=_line)
    local_directory: str | None = attrs.field(default=None, validator=_line)
    python: str | None = attrs.field(default=None, validator=_line)
    death_timeout: int = attrs.field(default=60, validator=_count)

    def __attrs_post_init__(self) -> None:
        if self.resource_spec is not None and self.kind not in ("pbs", "sge"):
            raise ParameterError(f"resource_spec: of pbs and sge alone; for {self.kind} use job_extra_directives")


def read_cluster_file(path: str | os.PathLike[str]) -> ClusterFile:
    """Read and check a file.

    Raises:
        ParameterError: it cannot be read, or something in it cannot be; the message names file and entry.

    """
    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return _checked(document)
    except OSError as error:
        raise ParameterError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, RecursionError):
        raise ParameterError(f"{path}: not a text file that can be read") from None
    except yaml.YAMLError as error:
        raise ParameterError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None


def _checked(document: Any) -> ClusterFile:
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise ParameterError(f'format: {found!r}; the file starts with "format: {FORMAT}"')
    entries = {key: value for key, value in document.items() if key != "format"}
    fields = attrs.fields_dict(ClusterFile)
    for key in entries:
        if key not in fields:
            raise ParameterError(f"{key!r}: no such entry; there are {', '.join(fields)}")
    for name, field in fields.items():
        if field.default is attrs.NOTHING and name not in entries:
            raise ParameterError(f"{name}: missing")
    return ClusterFile(**entries)
