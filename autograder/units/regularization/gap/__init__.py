"""Notebook 1_gap: the validation gap."""
