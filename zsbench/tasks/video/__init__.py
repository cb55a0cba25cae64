"""Task types over videos."""
