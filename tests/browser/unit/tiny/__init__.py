"""Notebook 1_tiny."""
