"""The process around the rooms: settings, metrics, health, logs, the watchdog, and the part that joins all of it."""
