"""A worker process, as `simcore.run` starts it: ``python -m simcore.worker <address of the scheduler>``."""

import os
import sys
import threading


def main() -> None:
    """Work with one thread for the scheduler whose address is the only argument, until standard input ends."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m simcore.worker tcp://HOST:PORT")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from simcore.run import serve  # noqa: PLC0415  (slow to import: the parent must be watched before)

    serve(sys.argv[1])


def _end_with_parent() -> None:
    """Whoever started this holds the other end of the pipe: however it ends, killed or not, nothing stays behind."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
