"""One module for each page: layout only."""
