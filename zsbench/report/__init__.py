"""Results as tables people can paste."""
