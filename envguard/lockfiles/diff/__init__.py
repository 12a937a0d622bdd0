"""What a change of a lock means: values in, values out."""
