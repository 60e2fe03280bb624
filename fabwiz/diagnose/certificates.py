"""Certificates, keys and TLS."""

from __future__ import annotations

from fabwiz.diagnose.known import Known

KNOWN = (
    Known(
        "10",
        r"x509: certificate signed by unknown authority",
        "The two sides hold certificates of different generations: keys were made anew over volumes, a genesis block "
        "or msp folders of an earlier one.",
        "Do not mix generations: compare the CA certificates in the workspace with those on the hosts. To start anew, "
        "`fabwiz down --data`, then `fabwiz replay`; existing keys in the workspace are kept.",
        True,
        "fabric-starter#7; fabric-samples#1330; fabric-explorer#14",
    ),
    Known(
        "10b",
        r"x509: cannot validate certificate for \S{1,100} because it doesn't contain any IP SANs"
        r"|certificate is valid for [^\n]{1,1000}, not ",
        "A node was called by its IP address, or by a name that its certificate does not have.",
        "Call nodes by their full names; fabwiz gives every container the others' names (extra_hosts). If names in the "
        "session changed, run `fabwiz generate` and `fabwiz replay`, so that the certificates follow.",
        True,
        "cello#340; fabric#3678",
    ),
    Known(
        "26",
        r"x509: certificate has expired or is not yet valid",
        "The host's clock is wrong (certificates begin 5 minutes before they were made, by this workstation's clock), "
        "or the certificate's lifetime is over.",
        "Compare `date` on the host and here, and set both by NTP; then replay. If the certificate did expire, make "
        "new ones with the same CA.",
        True,
        "common/tools/cryptogen/ca; Fabric's certs_management.md",
    ),
    Known(
        "27",
        r"\b(?:signing |client )?identity expired\b",
        "The certificate of the one who signed, or of this node, is past its end.",
        "Have a new certificate issued for the same key, put it in its msp folder and restart the node; look at the "
        "host's clock first.",
        True,
        "fabric#1825, #4875; bevel#1429",
        since=(1, 1, 0),
    ),
    Known(
        "28",
        r"cannot init crypto, (?:folder \"[^\"\n]{0,1000}\" does not exist|missing \S{1,1000} folder)"
        r"|could not load a valid signer certificate from directory",
        "The node's msp folder is missing or not complete on its host.",
        "Run `fabwiz replay`: it compares every file with the manifest and places what is missing. If it says that all "
        "is there, look whether something else changed the folder.",
        True,
        "peer/common/common.go; msp/configbuilder.go",
    ),
    Known(
        "28b",
        r"nable to bootstrap orderer\. Error (?:reading|unmarshalling) genesis block",
        "The orderer's genesis block is missing on its host, or damaged there.",
        "Run `fabwiz replay`: it compares every file with the manifest and places what is missing.",
        True,
        "orderer/common/bootstrap/file/bootstrap.go",
    ),
    Known(
        "28c",
        r"Failed to load (?:ServerCertificate|server Certificate|PrivateKey|ServerRootCAs|ClientRootCAs) file '"
        r"|[Ee]rror loading TLS (?:key|certificate|root certificate|key and/or certificate) \("
        r"|tls: failed to find any PEM data in (?:key|certificate) input|tls: private key does not match public key",
        "A TLS file of the node is missing on its host, or damaged there: its key, or a certificate.",
        "Run `fabwiz replay`: it compares every file with the manifest and places what is missing. If it says that all "
        "is there, look whether something else changed the folder.",
        True,
        "orderer/common/server/main.go; core/peer/config.go; peer/node/start.go",
    ),
    Known(
        "30",
        r"tls: first record does not look like a TLS handshake",
        "One side speaks TLS and the other does not.",
        "Keep tls the same for the whole session and place all files again: `fabwiz generate`, `fabwiz replay`. In the "
        "log of a server it may also come from a client that is none of the network's, such as a port scanner.",
        # a stranger's plain connection gives the same line in a healthy node's log
        False,
        "fabric#3241",
    ),
)
