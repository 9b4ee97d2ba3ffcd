"""Puts the features together: what an interface calls to have a whole job done."""
