"""Data sources: one file a format; `gives` says which kind of data a source yields."""
