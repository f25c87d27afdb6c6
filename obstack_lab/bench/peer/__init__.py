"""Peers at the same work: each a program of its own, run by a Python that has the peer."""
