"""Bytes come in; their kind, and pixels as a person would see them, go out of a sandbox."""
