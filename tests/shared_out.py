"""How pytest-xdist shares the tests out. Loaded by `tests/conftest.py` only where it is installed and asked for."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

ON_A_REDIS = (
    "tests/chaos/test_recording_faults.py",
    "tests/integration/test_ingress.py",
    "tests/integration/test_recording_stores.py",
)
"""What needs the `studio`, which is started once."""


class Together(LoadFileScheduling):
    """A file's tests run in one process, for what they share; those in a browser all do."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        if file in ON_A_REDIS:
            return "studio"
        return "browser" if file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)
