"""Sources of documents, queries and judgements."""
