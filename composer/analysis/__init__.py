"""Measurements of music: descriptors, repetition, distance from a seed."""
