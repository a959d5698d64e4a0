"""The compiled core multiplies and adds with a rounding in between, on every instruction level.

GCC 12 makes sums and differences that alternate in memory (interleaved complex numbers) into vfmaddsub even under
-ffp-contract=off; the bytes would then differ between the levels.
"""

import re
import shutil
import subprocess

import pytest

from simcore import _core


@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump")
def test_no_fused_instructions():
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", _core.__file__], capture_output=True, text=True, check=True
    ).stdout
    assert len(listing) > 1_000_000
    function, fused = "", set()
    for line in listing.splitlines():
        if line.endswith(">:"):
            function = line.split("<")[1]
        elif re.search(r"\tvfn?m(add|sub)|\tfn?m(add|sub)\b", line):
            fused.add(function)
    assert not fused
