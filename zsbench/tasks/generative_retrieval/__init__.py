"""Task types in which a model writes the ids of documents."""
