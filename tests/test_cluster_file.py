"""The file that says how workers are submitted to a queue: what it may say, and the job that comes of it."""

import importlib.util
import subprocess
import sys

import pytest

from simcore.engines import queues
from simcore.engines.cluster_file import read_cluster_file
from simcore.engines.processes import import_path
from simcore.errors import ParameterError, SchedulerError

LEAST = """
format: simcore-cluster/1
kind: slurm
jobs: 3
memory: 4GB
walltime: "02:00:00"
"""
ALL = (
    LEAST
    + """
workers_per_job: 8
queue: long
account: optics
job_extra_directives: ["--constraint=avx512", "--nice"]
job_directives_skip: ["--mem"]
job_script_prologue: ["module load python"]
interface: lo
scheduler_interface: lo
scheduler_port: 0
log_directory: logs
local_directory: /scratch
python: /opt/python
death_timeout: 30
"""
)
needs_jobqueue = pytest.mark.skipif(importlib.util.find_spec("dask_jobqueue") is None, reason="needs dask-jobqueue")


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        (tmp_path / "cluster.yaml").write_text(text)
        return read_cluster_file(tmp_path / "cluster.yaml")

    return from_text


@pytest.fixture
def script(tmp_path, monkeypatch, read):
    """The job's script that is made from a file, where every queue seems to be at hand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(queues.shutil, "which", lambda name: f"/bin/{name}")

    def from_text(text):
        file = read(text)
        kind = queues.job_class(file)
        return kind("tcp://10.0.0.1:8786", "simcore-0", **queues.arguments(file)).job_script()

    return from_text


@needs_jobqueue
def test_a_job_of_slurm(script):
    lines = script(ALL).splitlines()
    head = [line for line in lines if line.startswith("#SBATCH")]
    assert {"#SBATCH -p long", "#SBATCH -A optics", "#SBATCH --cpus-per-task=8", "#SBATCH -t 02:00:00"} <= set(head)
    assert {"#SBATCH --constraint=avx512", "#SBATCH --nice", "#SBATCH -e logs/simcore-%J.err"} <= set(head)
    assert not [line for line in head if "--mem" in line]
    assert "module load python" in lines
    assert "export OMP_NUM_THREADS=1" in lines
    assert not [line for line in lines if "PYTHONPATH" in line]  # /opt/python has packages of its own
    assert lines[-1].startswith("/opt/python -m distributed.cli.dask_worker tcp://10.0.0.1:8786 --name simcore-0 ")
    words = lines[-1].split()
    assert words[len(words) - words[::-1].index("--nthreads")] == "3"  # the last one counts
    for pair in ("--nworkers 8", "--preload simcore.engines.preload", "--interface lo", "--death-timeout 30"):
        assert pair in lines[-1]


@needs_jobqueue
@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("pbs", "", ["#PBS -A optics", "#PBS -q long", "#PBS -l walltime=02:00:00", "ncpus=4", "-l select=1"]),
        ("pbs", "resource_spec: nodes=1:ppn=4", ["#PBS -l nodes=1:ppn=4"]),
        ("sge", "resource_spec: h_vmem=1G", ["#$ -P optics", "#$ -q long", "#$ -l h_vmem=1G", "#$ -l h_rt=02:00:00"]),
        ("lsf", 'walltime: "02:00"', ["#BSUB -q long", '#BSUB -P "optics"', "#BSUB -n 4", "#BSUB -W 02:00"]),
    ],
)
def test_jobs_of_the_other_queues(script, kind, more, said):
    text = LEAST.replace("slurm", kind) + "queue: long\naccount: optics\nworkers_per_job: 4\n"
    text = text.replace('walltime: "02:00:00"\n', "") if "walltime" in more else text
    made = script(text + more + "\n")
    for line in said:
        assert line in made
    assert f"export PYTHONPATH='{import_path()}'" in made


@needs_jobqueue
def test_a_queue_that_is_not_here(read, monkeypatch):
    monkeypatch.setattr(queues.shutil, "which", lambda name: None)
    with pytest.raises(SchedulerError, match="sbatch is not here"):
        queues.job_class(read(LEAST))


def test_without_dask_jobqueue_the_error_says_what_to_install(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(SchedulerError, match=r"pip install 'simcore\[cluster\]'"):
        queues.job_class(read(LEAST))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("simcore-cluster/1", "simcore-cluster/9", "format: 'simcore-cluster/9'"),
        ("format: simcore-cluster/1", "", "format: None"),
        ("kind: slurm", "kind: condor", "kind: 'condor'; must be one of slurm, pbs, sge, lsf"),
        ("kind: slurm", "", "kind: missing"),
        ("kind: slurm", "kind: [slurm]", "kind: "),
        ("jobs: 3", "jobs: 0", "jobs: 0; must be a whole number >= 1"),
        ("jobs: 3", "jobs: true", "jobs: True"),
        ("jobs: 3", "jobs: 2.5", "jobs: 2.5"),
        ("jobs: 3", "jobs: 3\njob: 4", "'job': no such entry; there are kind, jobs"),
        ("memory: 4GB", "memory: much", "memory: 'much'"),
        ("memory: 4GB", "memory: 4", "memory: 4; must be that of a job with its unit"),
        ('"02:00:00"', "12:00:00", "walltime: 43200; must be hours, minutes, seconds in quotes"),
        ('"02:00:00"', '"soon"', "walltime: 'soon'"),
        ("jobs: 3", 'jobs: 3\nqueue: "a\\nrm -rf b"', "queue: "),
        ("jobs: 3", "jobs: 3\njob_extra_directives: --nice", "job_extra_directives: "),
        ("jobs: 3", 'jobs: 3\njob_extra_directives: ["a\\nb"]', "job_extra_directives: "),
        ("jobs: 3", "jobs: 3\njob_script_prologue: [1]", "job_script_prologue: 1"),
        ("jobs: 3", "jobs: 3\nscheduler_port: 70000", "scheduler_port: 70000"),
        ("jobs: 3", "jobs: 3\nresource_spec: x", "resource_spec: of pbs and sge alone"),
        ("jobs: 3", "jobs: [", "not YAML"),
        ("jobs: 3", "jobs: !!python/object/apply:os.system [touch hacked]", "not YAML"),
        (LEAST, "- a\n- list", "format: None"),
        (LEAST, "", "format: None"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(read, tmp_path, monkeypatch, old, new, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError) as caught:
        read(LEAST.replace(old, new))
    assert str(caught.value).startswith(str(tmp_path / "cluster.yaml"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "hacked").exists()


@pytest.mark.parametrize("name", ["absent.yaml", "."])
def test_a_file_that_is_none(tmp_path, name):
    with pytest.raises(ParameterError, match="absent.yaml|directory"):
        read_cluster_file(tmp_path / name)


def test_text_that_is_none(tmp_path):
    (tmp_path / "cluster.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="not a text file"):
        read_cluster_file(tmp_path / "cluster.yaml")


def answer(monkeypatch, status, out, err=""):
    done = subprocess.CompletedProcess((), status, out, err)
    monkeypatch.setattr(queues.subprocess, "run", lambda *arguments, **options: done)


@pytest.mark.parametrize(
    ("kind", "status", "out", "err", "alive"),
    [
        ("slurm", 0, "PENDING\n", "", True),
        ("slurm", 0, "", "", False),
        ("slurm", 1, "", "slurm_load_jobs error: Invalid job id specified", False),
        ("slurm", 1, "", "slurm_load_jobs error: Unable to contact slurm controller", True),
        ("slurm", 1, "", "squeue: error: slurm_receive_msg: Socket timed out on send/recv operation", True),
        ("pbs", 0, "Job id  Name\n12.server  simcore  Q", "", True),
        ("pbs", 35, "", "qstat: 12.server Job has finished", False),
        ("sge", 1, "", "Following jobs do not exist: 12", False),
        ("lsf", 0, "RUN\n", "", True),
        ("lsf", 0, "EXIT\n", "", False),
    ],
)
def test_whether_a_job_is_alive(monkeypatch, kind, status, out, err, alive):
    answer(monkeypatch, status, out, err)
    assert queues._is_alive(queues._QUEUES[kind], "12") is alive


def test_when_all_jobs_have_ended_the_run_ends(read, monkeypatch):
    answer(monkeypatch, 0, "")
    with pytest.raises(SchedulerError, match=r"all jobs have ended \(12, 13\); generate again to go on"):
        queues._check_jobs(read(LEAST), ["12", "13"])
