"""Measurements against real servers. Each writes benchmarks/results/<name>.json."""
