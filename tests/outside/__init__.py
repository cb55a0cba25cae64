"""Components that are not zsbench's: the folder `parity` has one of each kind, as a user would write them."""
