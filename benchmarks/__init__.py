"""Measurements, each paired in one run: run them with `python -m benchmarks.NAME`."""
