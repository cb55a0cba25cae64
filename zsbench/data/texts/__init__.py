"""Sources of texts with labels."""
