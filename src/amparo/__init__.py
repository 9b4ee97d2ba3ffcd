"""Amparo: an open child-safety system that a platform of any size can run itself."""

__version__ = "0.1.0"
