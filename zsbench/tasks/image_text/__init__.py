"""Task types that match images with texts."""
