"""Performance against how often concepts stand in pretraining data: counts joined with results, curves, corpora."""
