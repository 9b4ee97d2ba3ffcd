"""`amparo api`: a further host that answers."""
