"""``pylock.toml`` (PEP 751): reading it, selecting from it, and what its writers recorded of its inputs."""
