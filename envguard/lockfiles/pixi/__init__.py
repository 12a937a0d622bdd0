"""``pixi.lock``: reading it, selecting from it, and whether it still belongs to its manifest."""
