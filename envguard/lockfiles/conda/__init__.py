"""What locks of conda packages have in common: versions, match specs, platforms, and what is held against what."""
