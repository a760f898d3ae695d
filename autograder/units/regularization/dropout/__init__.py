"""Notebook 3_dropout: Dropout."""
