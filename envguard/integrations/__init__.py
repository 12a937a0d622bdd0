"""Thin doors to the tools that training code is written with; each imports the tool's library only when it is used."""
