"""The papers' inference-time rules: one file a rule, in family folders."""
