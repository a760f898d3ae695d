"""Runs learners' cells in a kernel and brings back evidence: data, never objects."""
