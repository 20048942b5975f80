"""Figures of docs/lstm.md, made from the seeds in midi_data: `python -m lstm_figures`."""
