"""The trusted side: takes evidence as data, rebuilds models from an allow-list and trains them again."""
