"""What locks of conda packages have in common: the platforms, which package a spec asks for, what is held against what."""
