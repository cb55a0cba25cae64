"""The type of task in which a text gets one of some classes, of which no labelled example is known."""
