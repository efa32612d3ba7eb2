"""Simulated people: what an app would do, against real LiveKit rooms and the real data API."""
