"""Task types in which a method orders the candidates of a query."""
