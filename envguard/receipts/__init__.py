"""Receipts of runs: how one is made and written, and how it is read, judged, found and told.

What a training script needs (``ledger``, ``document``, ``process``, ``place``) lies on the path of every clean start and imports nothing
heavy; what reads receipts serves the command line.
"""
