"""The files of installed packages: what their installers said of them, against what is there."""
