"""Policies and what they decide."""
