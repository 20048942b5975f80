"""Study: what a piece does, how sure that is, and what the LSTM makes of it, on one page."""
