"""A session while somebody edits it: drafts with undo, pasted tables, proposals. Knows no screen."""
