"""Notebook 1_ridge."""
