"""Sources of ready features and points."""
