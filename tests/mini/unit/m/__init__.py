"""Notebook m."""
