"""Slow, literal versions of what simcore computes; they share no code with it."""
