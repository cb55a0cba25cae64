"""Task types over depth maps."""
