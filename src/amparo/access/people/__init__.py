"""People: what somebody types to sign in comes in; a session, and who acts by it, goes out."""
