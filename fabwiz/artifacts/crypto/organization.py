"""Everything that one organization has in crypto-config."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from fabwiz.artifacts.crypto import certificates as make
from fabwiz.artifacts.crypto.authority import Authority, authority
from fabwiz.artifacts.crypto.certificates import Validity
from fabwiz.artifacts.crypto.folders import Tree, create_whole, keep_copy, read_certificate, tidy, write_into
from fabwiz.artifacts.crypto.identity import Identity, Issuers, keep_identity
from fabwiz.artifacts.crypto.profile import Kind, NodeOus, Profile, msp_config
from fabwiz.artifacts.crypto.report import CryptoReport, Outcome
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.files import make_private_dir
from fabwiz.session.guard import PLAIN, KeyGuard
from fabwiz.session.model import Certificates
from fabwiz.session.network import Organization


class OrganizationKeys:
    """Makes, completes or keeps an organization's tree."""

    def __init__(
        self,
        organization: Organization,
        root: Path,
        profile: Profile,
        certificates: Certificates,
        now: datetime,
        *,
        durable: bool = True,
        guard: KeyGuard = PLAIN,
    ) -> None:
        """`root` is the folder crypto-config; `now` has a time zone; `durable` as in `create_whole`.

        `guard` keeps the keys of CAs and people.
        """
        self._organization = organization
        self._root = root
        self._folder = root / organization.directory
        self._profile = profile
        self._certificates = certificates
        self._now = now
        self._durable = durable
        self._guard = guard
        self._subject = make.merged_subject(certificates.subject, organization.subject)

    def keep(self, report: CryptoReport) -> None:
        """Do it. Raises GenerateError, OSError."""
        make_private_dir(self._folder.parent)
        if self._folder.exists():
            tidy(self._folder)
        admin = self._identity(Kind.ADMIN, self._admin_name, self._users / self._admin_name, ())
        self._refuse_lost_admin(admin)
        start = self._profile.not_before(self._now)
        ca = self._authority("ca", Validity.lasting(start, self._certificates.ca_lifetime), report)
        tls_ca = self._authority("tlsca", Validity.lasting(start, self._certificates.ca_lifetime), report)
        issuers = Issuers(
            self._organization.domain,
            ca,
            tls_ca,
            self._subject,
            self._ous,
            Validity.lasting(start, self._certificates.lifetime),
            self._durable,
            self._guard,
        )
        certificate, outcome = keep_identity(admin, issuers, None)
        report.add(admin.folder, outcome)
        report.add(self._folder / "msp", self._keep_msp(issuers, certificate))
        for identity in self._others():
            report.add(identity.folder, keep_identity(identity, issuers, certificate)[1])

    @property
    def _users(self) -> Path:
        return self._folder / "users"

    @property
    def _admin_name(self) -> str:
        return f"Admin@{self._organization.domain}"

    @cached_property
    def _ous(self) -> NodeOus:
        """The node OUs of the tree that is there; those of the release for a new one.

        So an organization whose keys an earlier release made stays what it is: certificates and MSPs of two
        generations would not fit (an admin of 1.4.2 carries no `admin` unit).
        """
        if (found := _configured(self._folder / "msp" / "config.yaml")) is not None:
            return found
        if self._organization.is_orderer:
            return NodeOus.NONE
        admin = self._users / self._admin_name / "msp"
        if (found := _configured(admin / "config.yaml")) is not None:
            return found
        if (certificate := read_certificate(admin / "signcerts" / f"{self._admin_name}-cert.pem")) is not None:
            units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
            return NodeOus.CLIENT_PEER if any(unit.value == "client" for unit in units) else NodeOus.NONE
        return self._profile.node_ous

    def _authority(self, name: str, validity: Validity, report: CryptoReport) -> Authority:
        folder = self._folder / name
        domain = self._organization.domain
        made, outcome = authority(
            folder, domain, self._subject, self._profile.ca_usages, validity, durable=self._durable, guard=self._guard
        )
        made.check_valid(self._now)
        report.add(folder, outcome)
        return made

    def _identity(self, kind: Kind, name: str, folder: Path, dns_names: tuple[str, ...]) -> Identity:
        return Identity(kind, name, folder, dns_names, self._profile.tls_name(kind, self._ous))

    def _others(self) -> Iterator[Identity]:
        organization = self._organization
        kind = Kind.ORDERER if organization.is_orderer else Kind.PEER
        for node in organization.nodes:
            folder = self._root / organization.node_directory(node)
            yield self._identity(kind, node.name, folder, (node.name, node.key))
        for number in range(1, organization.users + 1):
            user = f"User{number}"
            folder = self._root / organization.user_directory(user)
            yield self._identity(Kind.USER, f"{user}@{organization.domain}", folder, ())

    def _keep_msp(self, issuers: Issuers, admin: x509.Certificate) -> Outcome:
        """The MSP by which others know the organization; no key lies in it."""
        folder = self._folder / "msp"
        copies = {
            f"cacerts/{issuers.signing.file_name}": issuers.signing.certificate,
            f"tlscacerts/{issuers.tls.file_name}": issuers.tls.certificate,
        }
        if issuers.ous is not NodeOus.ALL:
            copies[f"admincerts/{self._admin_name}-cert.pem"] = admin
        config = msp_config(issuers.signing.file_name, issuers.ous).encode() if issuers.ous.units else None
        if not folder.exists():
            tree: Tree = {"admincerts": None}
            tree.update({path: make.certificate_pem(certificate) for path, certificate in copies.items()})
            if config:
                tree["config.yaml"] = config
            create_whole(folder, tree, durable=self._durable)
            return Outcome.CREATED
        changed = [keep_copy(folder, path, certificate) for path, certificate in copies.items()]
        if config and not (folder / "config.yaml").exists():
            write_into(folder, "config.yaml", config)
            changed.append(True)
        return Outcome.COMPLETED if any(changed) else Outcome.KEPT

    def _refuse_lost_admin(self, admin: Identity) -> None:
        known = self._folder / "msp" / "admincerts" / f"{admin.name}-cert.pem"
        if known.exists() and not (admin.folder / "msp").exists():
            raise GenerateError(
                f"{known} names an admin whose keys are missing: {admin.folder} does not exist. Restore that folder "
                f"from a backup; if the keys are lost, move {self._folder} away to make all keys of "
                f"{self._organization.name} again (a network that runs with the old ones must be made anew)."
            )


def _configured(path: Path) -> NodeOus | None:
    """The node OUs of a config.yaml; `None` where there is none."""
    try:
        units = yaml.safe_load(path.read_bytes())["NodeOUs"]
        enabled = bool(units["Enable"])
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError):
        raise GenerateError(
            f"{path} is no configuration of an MSP with NodeOUs. Restore it, or remove it to have it made again."
        ) from None
    if not enabled:
        return NodeOus.NONE
    return NodeOus.ALL if "AdminOUIdentifier" in units else NodeOus.CLIENT_PEER
