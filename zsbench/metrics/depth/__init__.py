"""Metrics of depth maps."""
