"""Sources of images with texts."""
