"""The trusted process: takes evidence as data, imports the unit that came with the job, and runs its checks."""
