"""Sources of frames with depth."""
