"""For authors."""
