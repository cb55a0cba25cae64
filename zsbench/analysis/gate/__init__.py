"""The regression gate: a suite's results beside a baseline that is kept in git."""
