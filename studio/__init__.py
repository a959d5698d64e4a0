"""studio: a local web application on simcore and dtmodels. See docs/studio.md.

It edits the files of a project folder and runs the command-line programs, so that whatever is done here can go on in a terminal.
"""

__version__ = "0.1.0"
