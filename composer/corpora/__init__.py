"""Music to train on: the catalogue, downloads, and music21's own corpus."""
