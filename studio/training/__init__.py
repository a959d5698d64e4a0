"""Training files, runs, their histories and what they say while they are trained."""
