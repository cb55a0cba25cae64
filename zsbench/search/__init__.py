"""Finding the candidates that a ranking task hands to its methods."""
