"""Runs by their receipts: what differs between two of them, and what has to be restored to run one again."""
