"""What to hand over when a network runs: a report in Markdown, and a picture of the topology."""
