"""Training: corpora to arrays, arrays to a model. Imports `composer`, never the reverse."""
