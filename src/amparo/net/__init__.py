"""Requests that go out: what they may reach, and how long and large they may be."""
