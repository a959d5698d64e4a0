"""What the studio raises: messages for the page, one line each."""


class StudioError(Exception):
    """Something that the page tells in place."""
