"""Seeds, streams and switches: what makes two runs of the same code on the same machine walk the same path."""
