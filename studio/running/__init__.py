"""Command-line programs as processes: what is known of one, how it is started and stopped, how far it has come."""
