"""``python -m simcore.cli``."""

from simcore.cli import main

main()
