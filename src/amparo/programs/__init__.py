"""What is started: each program assembles interfaces."""
