"""What the network reads: a piece as events, and the columns that go with each."""
