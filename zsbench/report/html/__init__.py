"""A report as a folder of files that a browser opens from disk: one page, and data that it loads when asked."""
