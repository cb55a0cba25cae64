"""Sources of users' sessions."""
