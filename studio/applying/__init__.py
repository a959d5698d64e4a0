"""Trained networks on measured frames: frames, tables of what was found, classical methods beside."""
