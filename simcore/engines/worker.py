"""A worker process, as `simcore.engines.processes` starts it: ``python -m simcore.engines.worker <scheduler's address>``."""

import asyncio
import logging
import os
import sys
import threading

DEATH_SECONDS = 15  # without a scheduler


def main() -> None:
    """Work for the scheduler whose address is the only argument, until standard input ends."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m simcore.engines.worker tcp://HOST:PORT")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(sys.argv[1])


def serve(address: str) -> None:
    """Be a worker of the scheduler at this address until it ends: one thread renders while others write."""
    import distributed  # noqa: PLC0415  (slow to import: the parent must be watched before)

    from simcore.engines.rooms import THREADS, take_turns  # noqa: PLC0415  (as above)

    take_turns()

    async def work() -> None:
        options = {"nthreads": THREADS, "memory_limit": 0, "dashboard": False, "death_timeout": DEATH_SECONDS}
        async with distributed.Worker(address, **options) as worker:
            await worker.finished()

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    asyncio.run(work())


def _end_with_parent() -> None:
    """Whoever started this holds the other end of the pipe: however it ends, killed or not, nothing stays behind."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
