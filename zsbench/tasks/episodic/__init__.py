"""Task types over episodes of a few labelled examples."""
