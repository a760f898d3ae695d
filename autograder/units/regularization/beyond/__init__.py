"""Notebook 5_beyond: a regularizer of one's own, orthogonal units, and Dropout's relatives."""
