"""`amparo worker`: durable work on a further host."""
