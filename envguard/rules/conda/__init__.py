"""What conda installed: the part of EG2 that packages of other installers do not have."""
