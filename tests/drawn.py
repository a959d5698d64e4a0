"""How many examples hypothesis draws: a few, and twenty times as many in `make test-thorough`."""

import os

from hypothesis import HealthCheck, settings


def drawn(few: int) -> settings:
    examples = few * 20 if "THOROUGH" in os.environ else few
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
