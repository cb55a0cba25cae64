"""What every layer stands on: errors, files and text, arrays, the cache; nothing here knows of tasks or models."""
