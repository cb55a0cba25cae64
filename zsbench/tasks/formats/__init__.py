"""How predictions stand in files, for the task types that share a shape."""
