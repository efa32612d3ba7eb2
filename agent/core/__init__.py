"""The room's loop and what feeds it. It reaches the outside through `agent.core.ports` alone."""
