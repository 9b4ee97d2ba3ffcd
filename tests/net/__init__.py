"""Requests that go out."""
