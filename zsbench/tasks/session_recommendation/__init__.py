"""Task types that continue sessions of a user."""
