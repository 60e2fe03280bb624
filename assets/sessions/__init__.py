"""Example sessions."""
