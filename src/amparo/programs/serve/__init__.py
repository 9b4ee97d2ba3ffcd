"""`amparo serve`: everything in one process tree."""
