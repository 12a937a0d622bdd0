"""The rules: each compares values that were observed and yields findings; none of them does I/O."""
