"""Requirements files as locks: reading them, selecting from them, and what they contradict of what they were made from."""
