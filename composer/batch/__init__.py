"""Continuations of whole folders, in several processes."""
