"""Renderers: one module a format, each with ``write(report, stream, ...)``. Nothing here prints by itself or exits."""
