"""Music as values: notes, parts, pieces, tempo and metre, keys, where the beat lies."""
