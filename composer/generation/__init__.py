"""A seed and settings in, a continuation out."""
