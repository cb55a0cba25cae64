"""Task types in which an image gets one of some classes."""
