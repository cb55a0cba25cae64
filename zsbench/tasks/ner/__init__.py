"""Task types that mark spans of text."""
