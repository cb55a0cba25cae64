"""Sources of sentences with marked spans."""
