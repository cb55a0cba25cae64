"""Sources of products with attribute values."""
