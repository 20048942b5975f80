"""A jam without input and output: turn-taking, time, and the notes on their way."""
