"""What is written among the notes of a piece: bars filled, parts added, passages varied."""
