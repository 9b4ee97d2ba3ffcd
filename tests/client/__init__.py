"""Tests of the client and its guards."""
