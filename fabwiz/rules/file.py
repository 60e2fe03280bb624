"""Rules about the session file itself. The loader (`fabwiz.session.load`) raises them; here is what they teach."""

from __future__ import annotations

from fabwiz.rules.registry import ERROR, FOUR_HOSTS, OWN, rule_of_loader

rule_of_loader(
    "session-file",
    ERROR,
    "the session file can be read",
    "Everything starts from this one file: it must be a regular file of yours, of a sensible size, that you may read.",
    OWN,
)
rule_of_loader(
    "yaml-syntax",
    ERROR,
    "the file is YAML in UTF-8",
    "A slip of the indentation or a quote that is not closed changes what everything after it means, so nothing is "
    "guessed: the place is shown and the file is left alone.",
    OWN,
)
rule_of_loader(
    "yaml-unsupported",
    ERROR,
    "the file keeps to plain YAML",
    "Aliases, tags, merge keys and several documents in a file are refused: a session is short enough without them, "
    "and they let a file look harmless and explode when it is read.",
    OWN,
)
rule_of_loader(
    "session-version",
    ERROR,
    "the file says `fabwiz: 1`",
    "The number tells which format the file follows, so that a later format is not misread silently.",
    OWN,
)
rule_of_loader(
    "yaml-duplicate-key",
    ERROR,
    "no key stands twice in one mapping",
    "YAML readers keep the last of two equal keys and lose the first without a word. A broker file that said "
    "`environment:` twice lost its message sizes that way.",
    FOUR_HOSTS,
)
rule_of_loader(
    "unknown-key",
    ERROR,
    "every key is known",
    "A misspelt setting would be ignored and its default would hold: the network would run, only not as you wrote it.",
    OWN,
)
rule_of_loader(
    "missing-key",
    ERROR,
    "every required key is there",
    "Without it there is no network to describe; nothing sensible can be assumed in its place.",
    OWN,
)
rule_of_loader(
    "wrong-type",
    ERROR,
    "every value is of its setting's kind",
    'YAML reads 1.0 as a number and no as false: text that looks like something else stands in quotes, as in "1.0".',
    OWN,
)
rule_of_loader(
    "wrong-value",
    ERROR,
    "every value is one that its setting takes",
    "The value has the right kind but is none that the setting knows, such as a port above 65535; the message says "
    "which ones it takes.",
    OWN,
)
rule_of_loader(
    "secret-in-session",
    ERROR,
    "the session holds no password, passphrase or private key",
    "Session files are shared, mailed and committed. Passwords are asked for once a run, or come from a file "
    "descriptor or the environment, and are never saved.",
    OWN,
)
