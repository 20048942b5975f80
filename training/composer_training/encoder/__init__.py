"""Training of the encoder of given notes: prepared datasets in, `encoder.npz` out."""
