"""The clouds on one machine, for demo and tests. Never imported by production code."""
