"""The recipe being built: its text, what the palette offers, the pipeline and its forms."""
