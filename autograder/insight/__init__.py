"""The class report: `python -m autograder report ASSIGNMENT`, from the gradebook and the results that are stored."""
