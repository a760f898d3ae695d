"""A course unit on regularization in Keras that grades itself with nbgrader."""
