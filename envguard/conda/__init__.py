"""What conda's names mean, whichever tool wrote them: versions, match specs, and the addresses of packages."""
