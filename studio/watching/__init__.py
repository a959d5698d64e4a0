"""What a draft looks like: rendering off the event loop, measured images beside it, curves of both."""
