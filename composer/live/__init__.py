"""Live: composer as a musician to play with, over OSC and MIDI.

`core` decides without input or output: it takes what arrived, with the moment at which it
did, and says what is to be sent and when it wants to be asked again. `playing` puts the
network behind it, `wire` is where OSC, MIDI and files come in and go out, and `server` is
the loop between them.
"""
