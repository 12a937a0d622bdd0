"""``uv.lock``."""
