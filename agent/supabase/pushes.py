"""Has the edge function push-send send what waits in the push outbox, when a sweep says that something does.

The functions that ring a phone send those pushes themselves, at once. This is for all other pushes, and for what they
could not finish. One request at a time; a failure waits, ever longer, and takes nothing else with it.
"""

from agent.core.errand import Errand
from agent.supabase.client import Supabase

ANSWER_SECONDS = 30.0
"""push-send works for 20 s at most."""


def pushes(supabase: Supabase) -> Errand:
    """The errand that has waiting pushes sent by the edge function."""
    return Errand(lambda: supabase.invoke("push-send", ANSWER_SECONDS), "pushes not sent")
