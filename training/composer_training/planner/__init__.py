"""Training of the planner: the bars of datasets in, `planner.npz` out."""
