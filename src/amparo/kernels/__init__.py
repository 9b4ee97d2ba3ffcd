"""Arrays in, arrays out: the computations that must be fast. Nothing here knows what a list is."""
