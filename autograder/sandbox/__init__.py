"""Where learners' code runs: kernels that see nothing of the course, of the host, or of the network."""
