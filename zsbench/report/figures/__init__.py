"""Figures of results: what stands in them (`figure.Figure`, plain data), and how they are drawn into files."""
