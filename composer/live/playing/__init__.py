"""The network as a jam's improviser."""
