"""Notebook 2_l1_l2: penalties on weights."""
