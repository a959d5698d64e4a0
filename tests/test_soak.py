"""A small soak: see soak.py, and ``make soak`` for one of fifty kills and a hundred flipped bits."""

import os

import pytest
import soak


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_and_harmed_it_is_as_it_was(tmp_path, capsys):
    soak.soak(tmp_path, kills=2, flips=12, seed=3, count=4000, unit=64)
    assert len(capsys.readouterr().out.splitlines()) == 5
