"""How an orderer goes on trying to reach Kafka (orderer.yaml, Kafka.Retry)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fabwiz.remote.rehearsal.containers.context import Context, Exit
from fabwiz.session.units import parse_duration


@dataclass(frozen=True, slots=True)
class Retry:
    """All in seconds."""

    short_interval: float
    short_total: float
    long_interval: float
    long_total: float
    replication: int | None
    """ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR; the brokers' default when nothing is said."""

    @classmethod
    def read(cls, context: Context) -> Retry:
        """From ORDERER_KAFKA_... Raises Exit for what is no duration."""

        def seconds(name: str, default: str) -> float:
            text = context.setting(f"ORDERER_KAFKA_RETRY_{name}", default)
            try:
                return parse_duration(text)
            except ValueError:
                raise Exit(2, f"panic: Error unmarshaling config into struct: time: invalid duration {text}") from None

        factor = context.setting("ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR")
        return cls(
            seconds("SHORTINTERVAL", "5s"),
            seconds("SHORTTOTAL", "10m"),
            seconds("LONGINTERVAL", "5m"),
            seconds("LONGTOTAL", "12h"),
            int(factor) if factor else None,
        )

    def pauses(self) -> Iterator[float]:
        """The pauses between attempts, until the orderer gives up."""
        for interval, total in ((self.short_interval, self.short_total), (self.long_interval, self.long_total)):
            spent = 0.0
            while spent < total:
                yield interval
                spent += max(interval, 0.01)
