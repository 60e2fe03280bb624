"""What must hold between the parts of a session. `check` tells everything that does not.

Each rule is a pure function of the `Network`; only `chaincode-path` and `images-archives` look at files, beside
the session's own, and only `node-moved` compares with what was there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# the order of these imports is the order in which findings are told
# isort: off
from fabwiz.rules import file as _file  # noqa: F401
from fabwiz.rules import zookeeper as _zookeeper  # noqa: F401
from fabwiz.rules import kafka as _kafka  # noqa: F401
from fabwiz.rules import kafka_settings as _kafka_settings  # noqa: F401
from fabwiz.rules import sizes as _sizes  # noqa: F401
from fabwiz.rules import ordering as _ordering  # noqa: F401
from fabwiz.rules import naming as _naming  # noqa: F401
from fabwiz.rules import identity as _identity  # noqa: F401
from fabwiz.rules import hosts as _hosts  # noqa: F401
from fabwiz.rules import access as _access  # noqa: F401
from fabwiz.rules import ports as _ports  # noqa: F401
from fabwiz.rules import moved as _moved  # noqa: F401
from fabwiz.rules import resilience as _resilience  # noqa: F401
from fabwiz.rules import channels as _channels  # noqa: F401
from fabwiz.rules import members as _members  # noqa: F401
from fabwiz.rules import chaincode as _chaincode  # noqa: F401
from fabwiz.rules import endorsement as _endorsement  # noqa: F401
from fabwiz.rules import fabric as _fabric  # noqa: F401
from fabwiz.rules import images as _images  # noqa: F401
from fabwiz.rules import preflight as _preflight  # noqa: F401

# isort: on
from fabwiz.rules.checking import check
from fabwiz.rules.faults import HostLoss, Loss, Subject, host_losses, losses_of, tolerance
from fabwiz.rules.registry import RULES as _RULES
from fabwiz.rules.registry import Rule

RULES: Mapping[str, Rule] = MappingProxyType(_RULES)
"""Every rule by its id, those of the loader and of the preflight included."""

__all__ = ["RULES", "HostLoss", "Loss", "Rule", "Subject", "check", "host_losses", "losses_of", "tolerance"]
