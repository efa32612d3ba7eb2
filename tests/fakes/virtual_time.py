"""An event loop whose clock jumps to the next deadline instead of waiting for it: hours pass in milliseconds."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

Arguments = ParamSpec("Arguments")


class _Selector(selectors.DefaultSelector):
    """Reports what is ready; where nothing is, lets `jump` know how long there is nothing to do."""

    jump: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everything waits, and nothing is left that could happen")
        if not ready and timeout:
            self.jump(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._now = 1000.0
        selector = _Selector()
        selector.jump = self._jump
        super().__init__(selector)

    def _jump(self, seconds: float) -> None:
        self._now += seconds

    def time(self) -> float:
        return self._now


def virtual_time(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Run an async test in a loop of its own with virtual time; whatever task it leaves behind fails it."""

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))
            left = [task.get_name() for task in asyncio.all_tasks(runner.get_loop())]
            assert not left, f"tasks left behind: {left}"

    return run


def clock() -> float:
    """The running loop's time, to be given to whatever wants a monotonic clock."""
    return asyncio.get_running_loop().time()
