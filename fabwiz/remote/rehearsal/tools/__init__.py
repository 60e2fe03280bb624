"""Commands of a rehearsal host: small programs without imports from fabwiz, so that each starts in milliseconds."""
