"""Keys and certificates: the tree crypto-config as the release's own cryptogen makes it.

>>> report = generate(network, workspace)  # doctest: +SKIP
"""

from fabwiz.artifacts.crypto.generate import generate
from fabwiz.artifacts.crypto.report import CryptoReport
from fabwiz.artifacts.errors import GenerateError

__all__ = ["CryptoReport", "GenerateError", "generate"]
