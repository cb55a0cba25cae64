"""Model adapters: one file a family; what each offers is named by the protocols in `capabilities`."""
