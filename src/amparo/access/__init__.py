"""A key comes in; who acts, for which organisation, and what they may do goes out."""
