"""Sources of videos."""
