"""Which part of the stack a load keeps busy: CPU by part, to say what saturates first."""

import os
import time
from collections.abc import Mapping

import psutil

from bench.process_cost import ProcessUsage, cores, usage
from local.stack import Stack

Snapshot = Mapping[str, ProcessUsage]


def snapshot(stack: Stack) -> Snapshot:
    """Of every process of the stack that runs, and of this one (`load`), which is the load or brings it about."""
    children = {
        "postgres": stack.postgres,
        "postgrest": stack.postgrest,
        "gateway": stack.gateway,
        "functions": stack.functions,
        "livekit": stack.livekit,
        **stack.workers,
    }
    return {
        **{name: usage(child.pid) for name, child in children.items() if child.running},
        "load": _alone(os.getpid()),
    }


def busy(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Cores that each part used in between, the busiest first."""
    used = {name: cores(before[name], now) for name, now in after.items() if name in before}
    return dict(sorted(used.items(), key=lambda part: -part[1]))


def told(used: Mapping[str, float]) -> str:
    """For a line on the terminal: `name cores`, parts below 0.01 cores left out."""
    return ", ".join(f"{name} {share:.2f}" for name, share in used.items() if share >= 0.01)


def _alone(pid: int) -> ProcessUsage:
    """Without its children, which are the stack's other parts."""
    times = psutil.Process(pid).cpu_times()
    return ProcessUsage(times.user + times.system, 0.0, 0.0, time.monotonic(), frozenset({pid}))
