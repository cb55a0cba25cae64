"""How the embedded models were trained and the embedded data drawn; `make assets` reruns all of it."""
