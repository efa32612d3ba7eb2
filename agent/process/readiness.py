"""What has to hold for a worker to be ready, and what it means when it does not."""

from collections.abc import Mapping

Conditions = Mapping[str, bool]
"""Whether each holds, by name."""

REASONS = {
    "registered": "LiveKit has not registered this worker: see LIVEKIT_URL and the API key",
    "key_published": "the relay key is not in the database yet: it does not answer",
    "taking_rooms": "this worker is leaving",
    "database": "the database does not answer: what was known is still enforced, nothing new is",
    "wakeups": "no wake-ups come through Realtime: rows are found by polling, within a second or so",
    "leases": "a lease has lapsed: nothing is begun in its room until it is renewed",
}
"""What a person reads for each condition that does not hold."""
