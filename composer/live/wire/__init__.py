"""Where a jam meets the world: OSC, MIDI ports, Ableton Link, files."""
