"""Adapters of video models."""
