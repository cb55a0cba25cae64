"""How familiar evaluation labels are from a training set, and training sets of known transfer difficulty."""
