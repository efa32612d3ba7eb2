"""Small faults put into the decisions on purpose, each of which some test must notice."""
