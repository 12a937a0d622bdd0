"""Trees of data: hashing, manifests, ignore patterns, and the stat cache that answers "unchanged?" without reading."""
