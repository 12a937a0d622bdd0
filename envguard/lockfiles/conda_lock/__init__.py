"""``conda-lock.yml``: reading it, selecting from it, and whether it still belongs to the files that it was made from."""
