"""Parts of pages: each builds its elements in the current container and keeps them up to date."""
