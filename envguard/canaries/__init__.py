"""Numeric canaries: tiny fixed computations whose bits tell what no version string does.

What NumPy and PyTorch compute depends on instruction sets, thread counts, drivers and patched libraries that nobody wrote
down. So a few computations of each family (matrix products, convolutions, sums, ...) are run on inputs that integers decide, and
the bits that come out are digested. Nothing in here is imported from the rest of the package by what computes: an interpreter
that has no envguard runs it as well (``child.py``).
"""

SCHEME = "envguard.canaries.v2"
"""Names the computations. Who changes one of them, or its inputs, gives this another number: their digests cannot be compared."""
