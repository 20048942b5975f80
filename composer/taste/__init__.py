"""Taste: what a player's likes and dislikes say of the replies they want."""
