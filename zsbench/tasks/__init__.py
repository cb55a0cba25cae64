"""Task types: one protocol a file; every benchmark of a type is only YAML in `configs/tasks/`."""
