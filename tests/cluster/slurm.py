"""A real SLURM on this machine, in a temporary folder: munged, slurmctld and slurmd on one node, as root."""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch")
START_SECONDS = 60
CONFIGURATION = """
ClusterName=simcore
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Unavailable(Exception):  # noqa: N818  (a reason to skip)
    pass


class Slurm:
    """Started when entered, ended when left; ``environment`` is what its commands need."""

    def __init__(self) -> None:
        missing = [name for name in DAEMONS if not shutil.which(name, path=_path())]
        if missing:
            raise Unavailable(f"{', '.join(missing)} not installed (apt install slurm-wlm munge)")
        if os.geteuid() != 0:
            raise Unavailable("SLURM's daemons are started as root")
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.environment = {**os.environ, "PATH": _path(), "SLURM_CONF": str(self.folder / "slurm.conf")}
        self._daemons: list[subprocess.Popen] = []

    def __enter__(self) -> "Slurm":
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        subprocess.run(["scancel", "--full", "--user=root"], env=self.environment, check=False, capture_output=True)
        end = time.monotonic() + 15
        while self.call("squeue", "--noheader").strip() and time.monotonic() < end:
            time.sleep(0.2)
        self._end()

    def call(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True).stdout

    def _start(self) -> None:
        self.folder.chmod(0o755)
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        host = platform.node().split(".")[0]
        ports = dict(zip(("controller_port", "node_port"), _free_ports(2), strict=True))
        text = CONFIGURATION.format(host=host, folder=self.folder, **ports)
        (self.folder / "slurm.conf").write_text(text)
        self._start_munge()
        for name in ("slurmctld", "slurmd"):
            self._daemon(name, "-D", "-f", str(self.folder / "slurm.conf"))
        self._wait(lambda: "idle" in self.call("sinfo", "--noheader", "--format=%T"), "the node did not become idle")

    def _start_munge(self) -> None:
        folder = self.folder / "munge"
        folder.mkdir()
        (folder / "key").write_bytes(os.urandom(128))
        (folder / "key").chmod(0o400)
        for path in (folder, folder / "key"):
            shutil.chown(path, "munge", "munge")
        places = {"key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        options = [f"--{option}={folder / name}" for option, name in places.items()]
        socket_path = self.folder / "munge.socket"
        shutil.chown(self.folder, "munge")  # where it makes its socket
        self._daemon("munged", "--foreground", "--force", f"--socket={socket_path}", *options, user="munge")
        self._wait(socket_path.exists, "munged did not open its socket")

    def _daemon(self, name: str, *arguments: str, user: str | None = None) -> None:
        with (self.folder / f"{name}.log").open("w") as log:
            command = [shutil.which(name, path=_path()) or name, *arguments]
            self._daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, user=user, group=user)
            )

    def _wait(self, condition, otherwise: str) -> None:
        end = time.monotonic() + START_SECONDS
        while not condition():
            ended = [daemon for daemon in self._daemons if daemon.poll() is not None]
            if ended or time.monotonic() > end:
                raise Unavailable(f"SLURM does not start here: {otherwise} ({self._last_line()})")
            time.sleep(0.1)

    def _last_line(self) -> str:
        logs = sorted(self.folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
        lines = [line for path in logs for line in path.read_text().splitlines()]
        return lines[-1] if lines else "no log"

    def _end(self) -> None:
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
