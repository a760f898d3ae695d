"""What learners receive beside their notebooks: data, training, curves and visible checks.

Nothing here is imported by the grading side: it runs in learners' kernels, from a copy in the released
folder.
"""
