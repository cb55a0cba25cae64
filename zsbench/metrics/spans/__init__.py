"""Metrics of marked spans."""
