"""What happened comes in from the outbox; signed messages to the platform go out, in batches."""
