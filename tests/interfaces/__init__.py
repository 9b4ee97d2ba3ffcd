"""The interfaces, called as their users call them."""
