"""Task types that find attribute values of products."""
