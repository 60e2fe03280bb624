"""Data that travels with the program, read through importlib.resources."""
