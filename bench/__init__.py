"""Benchmarks: what the promises about speed are measured with."""
