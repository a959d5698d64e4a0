import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def restore_level() -> Iterator[None]:
    """Give the kernels back the instruction level that they had before the test."""
    from simcore import _core  # tests of dtmodels alone do without simcore

    level = _core.instruction_level()
    yield
    _core.set_instruction_level(level)
