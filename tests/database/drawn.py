"""Owns how the property tests of the database draw: short and always the same, or long with LIVE_TEST_EXAMPLES."""

import os

from hypothesis import HealthCheck, settings

LONGER = os.environ.get("LIVE_TEST_EXAMPLES")


def drawn(examples: int) -> settings:
    """So many examples, always the same; with LIVE_TEST_EXAMPLES as many as it says, in new places each time."""
    return settings(
        max_examples=int(LONGER or examples),
        derandomize=LONGER is None,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        print_blob=True,
    )
