"""Rows: where the values of a block live. A value belongs to each example, or to each of its copies, frames, or both.

Rows of an example lie together; within it those of a frame, of a part of the exposure, and then the copies, so that the
particles of every image are neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simcore.streams import Array

STILL, FRAME, PART = 0, 1, 2  # one value for the example, for each frame, for each part of a frame's exposure


class Domain(NamedTuple):
    """The kind of rows that a value has: those of the copies of a repetition (its identity, or None), at a level."""

    repeat: int | None = None
    level: int = STILL


@dataclass(frozen=True)
class Copies:
    """The copies that the examples of a block hold: those of example i are rows ``first[i]`` to ``first[i + 1]``."""

    first: Array  # int64 (example + 1,)
    number: Array  # int64 (row,): which copy; numbers are missing where one found no place
    attempt: Array  # int64 (row,): how often its position was drawn before

    @property
    def example(self) -> Array:
        """The example of each row."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @classmethod
    def of(cls, counts: Array) -> Copies:
        """Return the rows of ``counts`` (example,) copies."""
        first = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts, out=first[1:])
        number = np.arange(first[-1]) - np.repeat(first[:-1], counts)
        return cls(first, number, np.zeros(first[-1], np.int64))

    def keep(self, good: Array) -> Copies:
        """Return the copies of which ``good`` (row,) is true."""
        counts = np.bincount(self.example[good], minlength=len(self.first) - 1)
        return Copies(Copies.of(counts).first, self.number[good], self.attempt[good])


@dataclass(frozen=True)
class Rows:
    """The rows of one domain: of each its example, frame, part, and its rank among the copies of that image."""

    example: Array
    frame: Array
    part: Array
    rank: Array

    def __len__(self) -> int:
        return len(self.example)


class Block:
    """The rows of a block of examples in every domain, and how values get from one to another."""

    def __init__(self, examples: int, frames: int, parts: int) -> None:
        self.examples, self.frames, self.parts = examples, frames, parts
        self.copies: dict[int, Copies] = {}
        self._rows: dict[Domain, Rows] = {}

    def rows(self, domain: Domain) -> Rows:
        """Return the rows of a domain; those of copies are known once they are placed."""
        if domain not in self._rows:
            self._rows[domain] = self._make(domain)
        return self._rows[domain]

    def first(self, domain: Domain) -> Array:
        """Return where the copies of each image begin: (image + 1,)."""
        assert domain.repeat is not None
        counts = np.diff(self.copies[domain.repeat].first)
        return np.concatenate([[0], np.cumsum(np.repeat(counts, self.moments(domain.level)))]).astype(np.int64)

    def moments(self, level: int) -> int:
        """Return the images that a level has of each example."""
        return (1, self.frames, self.frames * self.parts)[level]

    def forget(self, domain: Domain) -> None:
        """Forget rows that were made before the copies were placed."""
        self._rows = {known: rows for known, rows in self._rows.items() if known.repeat != domain.repeat}

    def _make(self, domain: Domain) -> Rows:
        moments = self.moments(domain.level)
        parts = self.parts if domain.level == PART else 1
        if domain.repeat is None:
            example = np.repeat(np.arange(self.examples), moments)
            moment = np.tile(np.arange(moments), self.examples)
            return Rows(example, moment // parts, moment % parts, np.zeros(len(example), np.int64))
        counts = np.diff(self.copies[domain.repeat].first)
        per_image = np.repeat(counts, moments)
        first = np.concatenate([[0], np.cumsum(per_image)])
        image = np.repeat(np.arange(len(per_image)), per_image)
        moment = image % moments
        return Rows(image // moments, moment // parts, moment % parts, np.arange(first[-1]) - first[image])

    def locate(self, domain: Domain, example: Array, frame: Array, part: Array, rank: Array) -> Array:
        """Return the rows of ``domain`` at those places."""
        level = domain.level
        parts = self.parts if level == PART else 1
        moment = 0 * example if level == STILL else frame * parts + (part if level == PART else 0)
        moments = self.moments(level)
        if domain.repeat is None:
            return example * moments + moment
        first = self.copies[domain.repeat].first
        return moments * first[example] + moment * np.diff(first)[example] + rank

    def spread(self, values: Array, source: Domain, target: Domain) -> Array:
        """Return ``values`` of the rows of ``source`` on the rows of ``target``; of a finer level those when the frame starts."""
        if source == target:
            return values
        rows = self.rows(target)
        return values[self.locate(source, rows.example, rows.frame, rows.part, rows.rank)]

    def series(self, domain: Domain) -> Array:
        """Return the rows (series, frame, part) of each thing that moves, in the order of time."""
        still = self.rows(Domain(domain.repeat))
        frame, part = np.arange(self.frames)[:, None], np.arange(self.parts if domain.level == PART else 1)
        return self.locate(domain, still.example[:, None, None], frame, part, still.rank[:, None, None])


Domains = Mapping[int, Domain]  # by the identity of a property
