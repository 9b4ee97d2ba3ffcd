"""Tests of what is started."""
