"""How good and how fast a model is, beside people and simpler models."""
