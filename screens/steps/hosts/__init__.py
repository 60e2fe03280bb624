"""The step Hosts: the machines, how they are logged in to, and whether they are fit."""

from screens.steps.hosts.step import Hosts

__all__ = ["Hosts"]
