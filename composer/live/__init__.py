"""Live: composer as a fellow player, over OSC and MIDI.

`engine` and what it is made of decide without input or output: they take what arrived,
with the moment at which it did, and say what is to be sent and when they want to be asked
again. `server` and the transports (`osc`, `midi_port`) act on it.
"""
