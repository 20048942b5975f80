"""Simpler models to hold the network against."""
