"""A stand-in for the Docker engine and for compose: containers are threads of the rehearsal host."""
