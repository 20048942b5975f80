"""The scripts that write the seeds of `midi_data`."""
