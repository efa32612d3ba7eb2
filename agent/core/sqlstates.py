"""Which refusals of Postgres another attempt may better; for both ways in which a worker calls it."""

RETRYABLE = ("08", "40", "53", "55P03", "57")
"""SQLSTATEs by their beginning: connection lost, serialisation, out of resources (a full disk among them), lock not
available, shutting down."""
