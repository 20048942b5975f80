"""The command line: one module for the verbs of one subject."""
