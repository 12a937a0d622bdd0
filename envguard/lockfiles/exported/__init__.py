"""What locks share that are made out of something else: the command at their top, what of a project they hold, what contradicts it."""
