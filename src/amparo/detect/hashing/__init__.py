"""Bytes of a file come in; its digests and the perceptual hashes of its pictures go out."""
