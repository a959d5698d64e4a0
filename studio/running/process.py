"""Starting the program of a job, so that it outlives the studio and leaves its exit code behind."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from studio.running.job import CODE, ERRORS, OUTPUT, PID, STOP, TOKEN, Job

# The shell leads a session of its own; it notes its number before and the exit code after. Signals for the whole group must not
# end it before the program: with a trap it waits, and the program gets the signal as it always does. The file of the exit code is
# there already and is written over in place, which a full disk cannot refuse.
_SHELL = f"""
folder=$1; shift
trap : INT TERM
echo $$ > "$folder/{PID}.part" && mv "$folder/{PID}.part" "$folder/{PID}" || exit
[ -e "$folder/{STOP}" ] && exit
"$@" > "$folder/{OUTPUT}" 2> "$folder/{ERRORS}"
printf '%-8s' $? 1<> "$folder/{CODE}"
"""
# -P: a file in the project folder that is called like a module must not be taken for it.
PROGRAMS = {
    "simcore": (sys.executable, "-P", "-m", "simcore.cli"),
    "dtmodels": (sys.executable, "-P", "-m", "dtmodels.cli"),
}


def start(job: Job, project: Path) -> subprocess.Popen[bytes]:
    """Start the program of a job in the project folder; OSError where the disk or the system refuses."""
    # A path from the project folder, where the shell stays: it holds when the project is renamed meanwhile.
    folder = job.folder.relative_to(project).as_posix()
    arguments = ["/bin/sh", "-c", _SHELL, job.token or "sh", folder, *resolved(job.order.command)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", TOKEN: job.token}
    return subprocess.Popen(
        arguments,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def resolved(command: Sequence[str]) -> list[str]:
    """The programs as this interpreter has them, wherever the command line would find others."""
    return [*PROGRAMS.get(command[0], (command[0],)), *command[1:]]
