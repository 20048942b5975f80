"""How soon the server answers, and how many players it can take."""
