"""composer: an LSTM that continues a musician's phrase, from a file or live."""

__version__ = "0.1.0"
