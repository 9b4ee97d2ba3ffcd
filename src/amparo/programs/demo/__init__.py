"""The demonstration: altered copies of known photographs, found among unrelated ones."""
