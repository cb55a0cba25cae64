"""Making data from a corpus: documents to sample, queries to write, pairs to keep, ids to decode. Pure functions."""
