"""What programs that call Amparo meet first: who they are, how much is let in, and their bodies."""
