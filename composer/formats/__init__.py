"""File formats: MIDI files message for message, scores in and out."""
