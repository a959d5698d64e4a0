"""A worker process: ``python -m simcore.worker <address of the scheduler>``; it ends when the scheduler does."""

import sys


def main() -> None:
    """Work for the scheduler whose address is the only argument, with one thread."""
    from simcore.run import serve  # noqa: PLC0415  (dask takes a while; not needed to say how this is called)

    if len(sys.argv) != 2:
        sys.exit("usage: python -m simcore.worker tcp://HOST:PORT")
    serve(sys.argv[1])


if __name__ == "__main__":
    main()
