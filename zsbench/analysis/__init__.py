"""Questions asked of results rather than of models: bounds, frequencies, familiarity."""
