"""Pictures: piano rolls and their style."""
