"""Adapters of encoders and scorers of texts."""
