"""Compose files: one a host, one module a role."""

from fabwiz.artifacts.compose.addresses import Resolve, system_resolve
from fabwiz.artifacts.compose.file import ComposeFile, compose_file
from fabwiz.artifacts.compose.service import docker_network, service_name, volume_name

__all__ = [
    "ComposeFile",
    "Resolve",
    "compose_file",
    "docker_network",
    "service_name",
    "system_resolve",
    "volume_name",
]
