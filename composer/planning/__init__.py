"""The planner: an LSTM that writes the form of the bars to come, one step to a bar."""
