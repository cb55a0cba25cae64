"""Metrics of predicted classes."""
