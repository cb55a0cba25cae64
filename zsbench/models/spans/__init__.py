"""Adapters of models that score spans."""
