"""From a suite, paper or task to jobs, everything checked before anything is loaded."""
