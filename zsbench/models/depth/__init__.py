"""Adapters of depth models."""
