"""The LSTM: in Keras for training, in LiteRT and NumPy for playing."""
