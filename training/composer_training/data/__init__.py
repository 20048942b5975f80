"""Corpora to datasets, datasets to batches."""
