"""Scorers: what they are asked, what they answer, and what their failures cost."""
