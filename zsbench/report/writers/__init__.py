"""How each format shows a table: one file a format with `write(grid) -> str`, all escaping in there."""
