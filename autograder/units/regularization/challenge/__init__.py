"""Notebook 4_challenge: everything together."""
