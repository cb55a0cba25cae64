"""Adapters of models with an image and a text side."""
