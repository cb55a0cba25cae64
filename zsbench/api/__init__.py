"""What `import zsbench` offers: runs from Python, and results as pandas tables."""
