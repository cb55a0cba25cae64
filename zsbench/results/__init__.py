"""What a run leaves behind: prediction shards, items.parquet and result.json, each whole or absent."""
