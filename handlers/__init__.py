"""What an event means: pure functions from room state and event to effects."""
