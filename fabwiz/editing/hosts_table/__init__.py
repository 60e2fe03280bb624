"""Pasted text -> hosts of a session: `read_table` for the preview, `host_edits` and `node_edits` to take it over.

Nothing that stands in a column of passwords, or looks like one, is kept, shown or told; only that there was one.
"""

from fabwiz.editing.hosts_table.hints import Hint
from fabwiz.editing.hosts_table.making import host_edits, node_edits
from fabwiz.editing.hosts_table.raw import Column, Form
from fabwiz.editing.hosts_table.reading import read_table
from fabwiz.editing.hosts_table.rows import Problem, Row, Table

__all__ = ["Column", "Form", "Hint", "Problem", "Row", "Table", "host_edits", "node_edits", "read_table"]
