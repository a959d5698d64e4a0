"""A real S3 server, moto's, as a process of its own; in front of it a gate that counts requests and can be shut."""

import contextlib
import re
import select
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
REQUEST = re.compile(rb"(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP/1\.1\r\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def moto(folder):
    """Run the server; give its port."""
    port, log = free_port(), Path(folder) / "moto.log"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            _wait_until_it_answers(port, process, log)
            yield port
        finally:
            process.kill()


def _wait_until_it_answers(port, process, log, seconds=60):
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
            return
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.05)


class Gate:
    """Carries connections to the server while it is open; ``requests`` counts (method, path)."""

    def __init__(self, server):
        self.server, self.port, self.requests = server, free_port(), Counter()
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.connections = set()
        threading.Thread(target=self._accept, args=(self.listener, self.connections), daemon=True).start()

    def shut(self):
        """From now on every connection is refused, and those that there are end."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in list(self.connections):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener, connections):
        with contextlib.suppress(OSError):
            while True:
                near = listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.server))
                connections.update((near, far))
                threading.Thread(target=self._carry, args=(near, far, connections), daemon=True).start()

    def _carry(self, near, far, connections):
        with contextlib.suppress(OSError), near, far:
            while True:
                for one in select.select([near, far], [], [])[0]:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is near:
                        self.requests.update((m.decode(), p.decode()) for m, p in REQUEST.findall(data))
                    (far if one is near else near).sendall(data)
        connections.difference_update((near, far))
