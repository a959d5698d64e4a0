"""A small soak: see soak.py, and ``make soak`` for fifty kills, of worker processes too, and a hundred flipped bits."""

import os

import pytest
from soak import Soak, harm, kill_generating


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_it_is_as_it_was(tmp_path):
    assert len(list(kill_generating(Soak(tmp_path, seed=3), 1, 800, 32))) == 2


def test_harmed_anywhere_it_is_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    assert len(list(harm(Soak(tmp_path, seed=3), 20))) == 2
