"""Metrics of images matched with texts."""
