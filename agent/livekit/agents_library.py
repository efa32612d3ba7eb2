"""LiveKit Agents' server, without the rest of the package.

`livekit.agents` imports its voice pipeline and the OpenAI SDK at once: 40 MB and a second that a worker without a voice
never uses. Here the package is entered without running its `__init__`, and the server's own modules are imported from
it. The first name that is asked of the package itself runs the `__init__` after all, so plugins and other code find
what they know. Import this module before anything else of `livekit.agents`.
"""

import importlib
import importlib.util
import sys
from types import ModuleType

import livekit

PACKAGE = "livekit.agents"


class _Package(ModuleType):
    """The package before its `__init__` has run: its modules can be imported, and any other name runs it."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        module = f"{PACKAGE}.{name}"
        if importlib.util.find_spec(module) is not None:
            return importlib.import_module(module)
        self.__class__ = ModuleType  # type: ignore[assignment]  # allowed for modules; from now on a plain one
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _enter() -> None:
    if PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    package = importlib.util.module_from_spec(spec)
    package.__class__ = _Package
    sys.modules[PACKAGE] = package
    livekit.agents = package  # as an import would


_enter()

from livekit.agents.job import JobContext, JobExecutorType, JobRequest  # noqa: E402  (after the package was entered)
from livekit.agents.worker import AgentServer, WorkerPermissions  # noqa: E402

__all__ = ["AgentServer", "JobContext", "JobExecutorType", "JobRequest", "WorkerPermissions"]
