"""Libraries whose objects learners hand in: how they cross the boundary, and what is trusted of them."""
