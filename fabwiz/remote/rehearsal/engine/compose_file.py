"""Reading a compose file: what docker-compose 1.x and Compose 2.x both take, refused in their words otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabwiz.remote.rehearsal.engine.compose_yaml import dot_env, env_file, load
from fabwiz.remote.rehearsal.engine.errors import ComposeError
from fabwiz.remote.rehearsal.engine.interpolation import interpolate
from fabwiz.remote.rehearsal.engine.spec import Mount, Port, Spec

_TOP = {"version", "name", "services", "volumes", "networks"}
_READ = {
    "image",
    "container_name",
    "hostname",
    "environment",
    "env_file",
    "volumes",
    "ports",
    "labels",
    "networks",
    "extra_hosts",
    "restart",
    "command",
    "logging",
    "depends_on",
    "network_mode",
    "cap_add",
    "cap_drop",
    "security_opt",
    "privileged",
    "read_only",
}
# what compose knows and a rehearsal needs not act upon
_ACCEPTED = {
    "working_dir",
    "user",
    "tty",
    "stdin_open",
    "expose",
    "stop_grace_period",
    "stop_signal",
    "ulimits",
    "init",
    "entrypoint",
    "healthcheck",
    "dns",
    "sysctls",
    "tmpfs",
    "domainname",
    "mem_limit",
    "cpus",
    "shm_size",
    "platform",
    "pull_policy",
}


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A project as compose sees it."""

    project: str
    services: Mapping[str, Spec]
    depends: Mapping[str, tuple[str, ...]]
    volumes: Mapping[str, dict[str, str]]
    """Full name: labels."""
    networks: Mapping[str, dict[str, str]]


def read(path: Path, project: str, environment: Mapping[str, str]) -> ComposeFile:
    """Read and check a file. Raises ComposeError."""
    data = load(path)
    if not isinstance(data, dict) or not isinstance(data.get("services"), dict):
        raise ComposeError(f"Top level object in '{path}' needs to be an object with services.")
    for key in data:
        if key not in _TOP and not str(key).startswith("x-"):
            raise _invalid(path, f'Invalid top-level property "{key}". Valid top-level sections are: services, ...')
    return _Reader(path, project, {**dot_env(path), **environment}, data).file()


def _invalid(path: Path, why: str) -> ComposeError:
    return ComposeError(f"The Compose file '{path}' is invalid because:\n{why}")


class _Reader:
    def __init__(self, path: Path, project: str, environment: Mapping[str, str], data: dict[str, Any]) -> None:
        self.path, self.project, self.environment, self.data = path, project, environment, data

    def file(self) -> ComposeFile:
        volumes = self._named("volumes")
        networks = self._named("networks")
        services, depends = {}, {}
        for name, raw in self.data["services"].items():
            if not isinstance(raw, dict):
                raise _invalid(self.path, f"services.{name} must be a mapping")
            for key in raw:
                if key not in _READ | _ACCEPTED:
                    raise _invalid(self.path, f"Unsupported config option for services.{name}: '{key}'")
            config = {
                key: interpolate(value, self.environment, f'"{key}" option in service "{name}"')
                for key, value in raw.items()
            }
            services[str(name)] = self._service(str(name), config, volumes, networks)
            wanted = config.get("depends_on", [])
            depends[str(name)] = tuple(wanted)
        for name, others in depends.items():
            for other in others:
                if other not in services:
                    raise _invalid(self.path, f"Service '{name}' depends on service '{other}' which is undefined.")
        used = {network for spec in services.values() for network in spec.networks}
        default = f"{self.project}_default"
        found = dict(networks.values())
        if default in used and default not in found:
            found[default] = self._labels({}, "network", "default")
        return ComposeFile(self.project, services, depends, dict(volumes.values()), found)

    def _named(self, section: str) -> dict[str, tuple[str, dict[str, str]]]:
        found = {}
        for name, raw in (self.data.get(section) or {}).items():
            config = interpolate(raw or {}, self.environment, section)
            full = config.get("name") or f"{self.project}_{name}"
            found[str(name)] = (full, self._labels(config.get("labels"), section[:-1], str(name)))
        return found

    def _labels(self, raw: Any, kind: str, name: str) -> dict[str, str]:
        return {
            **self._pairs(raw or {}, "labels", name),
            "com.docker.compose.project": self.project,
            f"com.docker.compose.{kind}": name,
        }

    def _pairs(self, raw: Any, option: str, service: str) -> dict[str, str]:
        """`KEY=value` lists and mappings alike."""
        if isinstance(raw, list):
            pairs = {}
            for item in raw:
                if not isinstance(item, str):
                    raise _invalid(
                        self.path, f"services.{service}.{option} contains an invalid type, it should be a string"
                    )
                key, equals, value = item.partition("=")
                pairs[key] = value if equals else self.environment.get(key, "")
            return pairs
        if not isinstance(raw, dict):
            raise _invalid(self.path, f"services.{service}.{option} must be a mapping or a list")
        pairs = {}
        for key, value in raw.items():
            if isinstance(value, (bool, list | dict)):
                raise _invalid(
                    self.path,
                    f"services.{service}.{option}.{key} contains {json.dumps(value)}, which is an invalid type, "
                    "it should be a string, number, or a null",
                )
            pairs[str(key)] = "" if value is None else str(value)
        return pairs

    def _service(
        self,
        name: str,
        config: dict[str, Any],
        volumes: Mapping[str, tuple[str, dict[str, str]]],
        networks: Mapping[str, tuple[str, dict[str, str]]],
    ) -> Spec:
        if not config.get("image"):
            raise _invalid(self.path, f"Service {name} has neither an image nor a build context specified.")
        environment: dict[str, str] = {}
        files = config.get("env_file") or []
        for file in [files] if isinstance(files, str) else files:
            path = self.path.parent / file
            if not path.is_file():
                raise ComposeError(f"Couldn't find env file: {path}")
            environment |= env_file(path)
        environment |= self._pairs(config.get("environment") or {}, "environment", name)
        command = config.get("command") or ()
        spec = Spec(
            name=str(config.get("container_name") or f"{self.project}_{name}_1"),
            image=str(config["image"]),
            service=name,
            hostname=str(config.get("hostname") or ""),
            command=tuple(command.split() if isinstance(command, str) else map(str, command)),
            environment=environment,
            mounts=tuple(self._mount(name, item, volumes) for item in config.get("volumes") or ()),
            ports=tuple(self._port(name, item) for item in config.get("ports") or ()),
            networks=self._networks(name, config, networks),
            extra_hosts=self._extra_hosts(name, config.get("extra_hosts") or []),
            restart=self._restart(name, config.get("restart", "no")),
            log_options=self._pairs((config.get("logging") or {}).get("options") or {}, "logging.options", name),
            privileged=self._truth(name, config, "privileged"),
            read_only=self._truth(name, config, "read_only"),
            cap_add=self._texts(name, config, "cap_add"),
            cap_drop=self._texts(name, config, "cap_drop"),
            security_opt=self._texts(name, config, "security_opt"),
        )
        labels = {
            **self._pairs(config.get("labels") or {}, "labels", name),
            "com.docker.compose.project": self.project,
            "com.docker.compose.service": name,
            "com.docker.compose.container-number": "1",
            "com.docker.compose.config-hash": hashlib.sha256(f"{spec}{config}".encode()).hexdigest(),
        }
        object.__setattr__(spec, "labels", labels)
        return spec

    def _truth(self, name: str, config: dict[str, Any], option: str) -> bool:
        value = config.get(option, False)
        if not isinstance(value, bool):
            raise _invalid(self.path, f"services.{name}.{option} contains an invalid type, it should be a boolean")
        return value

    def _texts(self, name: str, config: dict[str, Any], option: str) -> tuple[str, ...]:
        """A list of different texts, as compose's schema wants it."""
        value = config.get(option) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _invalid(self.path, f"services.{name}.{option} contains an invalid type, it should be an array")
        if len(set(value)) != len(value):
            raise _invalid(self.path, f"services.{name}.{option} value {value} has non-unique elements")
        return tuple(value)

    def _restart(self, name: str, raw: Any) -> str:
        if raw is False:  # YAML's `no`
            return "no"
        if str(raw).partition(":")[0] not in ("no", "always", "unless-stopped", "on-failure"):
            raise _invalid(self.path, f"services.{name}.restart: Invalid restart policy: {raw}")
        return str(raw)

    def _mount(self, name: str, item: Any, volumes: Mapping[str, tuple[str, dict[str, str]]]) -> Mount:
        if isinstance(item, dict):
            kind, source, target = item.get("type", "volume"), item.get("source", ""), item.get("target", "")
            read_only = bool(item.get("read_only"))
        else:
            parts = str(item).split(":")
            if len(parts) not in (2, 3):
                raise _invalid(
                    self.path,
                    f"Volume {item} of service {name} has incorrect format, should be external:internal[:mode]",
                )
            source, target = parts[0], parts[1]
            read_only = len(parts) == 3 and "ro" in parts[2].split(",")
            kind = "bind" if source.startswith((".", "/", "~")) else "volume"
        if not str(target).startswith("/"):
            raise _invalid(
                self.path, f"services.{name}.volumes: invalid mount path: '{target}' mount path must be absolute"
            )
        if kind == "bind":
            folder = self.path.parent.resolve()
            return Mount("bind", str(folder / Path(source).expanduser()), target, read_only)
        if source not in volumes:
            raise _invalid(
                self.path,
                f'Named volume "{item}" is used in service "{name}" but no declaration was found in the volumes '
                "section.",
            )
        return Mount("volume", volumes[source][0], target, read_only)

    def _port(self, name: str, item: Any) -> Port:
        address = "0.0.0.0"  # noqa: S104
        if isinstance(item, dict):
            published, target = item.get("published"), item.get("target")
        else:
            parts = str(item).removesuffix("/tcp").split(":")
            if len(parts) == 3:
                address = parts.pop(0)
            if len(parts) != 2:
                raise _invalid(self.path, f"services.{name}.ports: '{item}': a rehearsal wants HOST:CONTAINER")
            published, target = parts
        try:
            return Port(int(str(published)), int(str(target)), address)
        except ValueError:
            raise _invalid(
                self.path,
                f'services.{name}.ports contains an invalid type, it should be a number, or an object: "{item}"',
            ) from None

    def _networks(
        self, name: str, config: dict[str, Any], networks: Mapping[str, tuple[str, dict[str, str]]]
    ) -> dict[str, tuple[str, ...]]:
        if mode := config.get("network_mode"):
            if config.get("networks"):
                raise _invalid(self.path, f"'network_mode' and 'networks' cannot be combined in service {name}")
            return {str(mode): ()}
        raw = config.get("networks") or ["default"]
        found: dict[str, tuple[str, ...]] = {}
        for key in raw:
            if key not in networks and key != "default":
                raise _invalid(self.path, f'Service "{name}" uses an undefined network "{key}"')
            full = networks[key][0] if key in networks else f"{self.project}_default"
            settings = (raw[key] or {}) if isinstance(raw, dict) else {}
            found[full] = tuple(settings.get("aliases") or ())
        return found

    def _extra_hosts(self, name: str, raw: Any) -> dict[str, str]:
        if isinstance(raw, dict):
            return {str(host): str(address) for host, address in raw.items()}
        found: dict[str, str] = {}
        for item in raw:
            host, colon, address = str(item).partition(":")
            if not (colon and host and address):
                raise _invalid(self.path, f'services.{name}.extra_hosts: bad format for extra-hosts: "{item}"')
            found.setdefault(host, address)
        return found
