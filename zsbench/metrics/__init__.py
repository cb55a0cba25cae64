"""Metrics by the shape of what they compare."""
