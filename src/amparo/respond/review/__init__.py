"""What people look at and decide: notices; cases come with them."""
