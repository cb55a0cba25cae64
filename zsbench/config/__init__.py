"""What YAML may say: components and their options, schemas, `extends:`, names to files."""
