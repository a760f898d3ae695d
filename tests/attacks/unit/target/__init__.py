"""Notebook target."""
