"""Rehearsal hosts: processes on this machine that stand in for real ones."""
