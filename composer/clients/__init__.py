"""Other programs as clients: actions on their clips, and files that are put where they look."""
