"""One notebook from its cells to its grades: jobs, the driver's side of the trusted process, and what is told of it."""
