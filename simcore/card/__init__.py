"""The card of a dataset: what it holds, from what it was made, how it looks; one page to pass on with it."""

from simcore.card.page import write_card

__all__ = ["write_card"]
