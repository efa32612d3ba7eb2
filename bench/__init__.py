"""Benchmarks and their honest baselines."""
