"""Blocks, where they are kept, and the state that follows from them."""
