"""Ordering through Kafka (orderer/consensus/kafka/chain.go): every orderer cuts the same blocks from one topic."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fabric_protos.common import common_pb2

from fabwiz.remote.rehearsal.channel.bundle import ConfigError
from fabwiz.remote.rehearsal.containers.topics import KafkaError
from fabwiz.remote.rehearsal.orderer.cutter import Cutter
from fabwiz.remote.rehearsal.orderer.messages import CONFIG, CONNECT, NORMAL, TIME_TO_CUT, Record
from fabwiz.remote.rehearsal.orderer.topic import TopicClient

if TYPE_CHECKING:
    from fabwiz.remote.rehearsal.orderer.chain import Chain

_POLL = 0.5
_AGAIN = 0.3
_ATTEMPTS = 4
_BACKOFF = 0.1
"""Sarama's defaults for a producer: 3 retries, 100 ms apart."""
_TOO_LARGE = "too large"
_OUT_OF_RANGE = "outside the range of offsets"


class Consenter:
    """The Kafka side of a chain.

    `booted` once the topic could be written and read: from then on envelopes are taken. `started` while it can be
    read: blocks are handed out.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._context = chain.registrar.context
        self._log = chain.registrar.log
        self._cutter = Cutter()
        self._timer: float | None = None
        self._producer_lock = threading.Lock()
        self._producer = self._client()
        self._thread = threading.Thread(target=self._run, name=f"kafka {chain.name}", daemon=True)
        self._closed = threading.Event()
        self.booted = False
        self.started = False

    def _client(self) -> TopicClient:
        registrar = self._chain.registrar
        return registrar.topic_client(
            self._context, self._chain.bundle.kafka_brokers, self._chain.name, registrar.retry.replication
        )

    def start(self) -> None:
        """Begin to connect, and go on in the background."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._closed.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2)
        self._producer.close()

    @property
    def _over(self) -> bool:
        return self._closed.is_set() or self._context.stop.is_set()

    def order(self, record: Record) -> None:
        """Put a message into the topic. Raises KafkaError, in the words that Broadcast answers."""
        if not self.booted:
            number = self._context.release.number
            raise KafkaError(
                "backing Kafka cluster has not completed booting; try again later"
                if number >= (1, 4, 0)
                else "will not enqueue, consenter for this channel hasn't started yet"
            )
        try:
            self._produce(record)
        except KafkaError as error:
            self._log(
                f"[orderer/consensus/kafka] enqueue -> ERRO [channel: {self._chain.name}] cannot enqueue envelope "
                f"because = {error}"
            )
            raise KafkaError("cannot enqueue") from error

    def _produce(self, record: Record) -> None:
        message = record.pack()
        with self._producer_lock:
            for attempt in range(_ATTEMPTS):
                try:
                    if attempt:
                        self._context.sleep(_BACKOFF)
                        self._producer.connect()  # the leader may have changed
                    self._producer.produce(message)
                    return
                except KafkaError as error:
                    if attempt == _ATTEMPTS - 1 or _TOO_LARGE in str(error):
                        raise

    def _run(self) -> None:
        name = self._chain.name
        consumer = self._client()
        if not self._start_phase(consumer):
            return
        self.booted = self.started = True
        self._log(f"[orderer/consensus/kafka] startThread -> INFO [channel: {name}] Start phase completed successfully")
        while not self._over:
            try:
                self._consume(consumer)
            except KafkaError as error:
                if _OUT_OF_RANGE in str(error):
                    self._chain.registrar.panic(f"[channel: {name}] Cannot set up channel consumer = {error}")
                    return
                self.started = False
                self._log(
                    f"[orderer/consensus/kafka] processMessagesToBlocks -> ERRO [channel: {name}] Error during "
                    f"consumption: {error}"
                )
                self._again(consumer)
        consumer.close()

    def _start_phase(self, consumer: TopicClient) -> bool:
        name = self._chain.name
        self._log(
            f"[orderer/consensus/kafka] newChain -> INFO [channel: {name}] Starting chain with last persisted offset "
            f"{self._chain.offset} and last recorded block {self._chain.store.height - 1}"
        )
        last = ""
        for pause in self._chain.registrar.retry.pauses():
            try:
                consumer.connect()
                with self._producer_lock:
                    self._producer.connect()
                    self._producer.produce(Record(CONNECT).pack())
                return True
            except KafkaError as error:
                last = str(error)
                self._log(f"[orderer/consensus/kafka] try -> DEBU [channel: {name}] Initial attempt failed = {last}")
            if self._closed.wait(pause) or self._over:
                return False
        self._chain.registrar.panic(f"[channel: {name}] Cannot post CONNECT message = {last}")
        return False

    def _again(self, consumer: TopicClient) -> None:
        while not self._over:
            try:
                consumer.connect()
            except KafkaError:
                self._closed.wait(_AGAIN)
                continue
            self.started = True
            return

    def _consume(self, consumer: TopicClient) -> None:
        """Read on from the offset of the last block; what is pending was read, but stands in no block yet."""
        self._cutter.cut()
        self._timer = None
        offset = self._chain.offset + 1
        while not self._over:
            wait = _POLL if self._timer is None else min(_POLL, max(0.0, self._timer - time.monotonic()))
            for message in consumer.fetch(offset, wait):
                self._process(Record.unpack(message), offset)
                offset += 1
            if self._timer is not None and time.monotonic() >= self._timer:
                self._timer = None
                try:
                    self._produce(Record(TIME_TO_CUT, self._chain.store.height))
                except KafkaError:
                    self._timer = time.monotonic() + self._chain.bundle.batch_timeout

    def _process(self, record: Record, offset: int) -> None:
        if record.kind == TIME_TO_CUT:
            self._time_to_cut(record, offset)
        elif record.kind == NORMAL:
            self._normal(record, offset)
        elif record.kind == CONFIG:
            self._config(record, offset)

    def _time_to_cut(self, record: Record, offset: int) -> None:
        if record.number == self._chain.store.height and (batch := self._cutter.cut()):
            self._timer = None
            self._chain.write(batch, offset)

    def _normal(self, record: Record, offset: int) -> None:
        chain = self._chain
        if record.number < chain.bundle.sequence:
            try:
                chain.registrar.processor.check_normal(chain, common_pb2.Envelope.FromString(record.envelope))
            except Exception as error:  # whatever it fails on now, it stays out of the block
                self._log(
                    f"[orderer/consensus/kafka] processRegular -> WARN [channel: {chain.name}] Discarding bad normal "
                    f"message because of = {error}"
                )
                return
        batches, pending = self._cutter.ordered(record.envelope, chain.bundle.batch_size)
        # a block that does not hold this envelope ends before it in the topic
        at = offset - 1 if pending or len(batches) == 2 else offset
        for batch in batches:
            chain.write(batch, at)
            at += 1
        if batches and not pending:
            self._timer = None
        elif pending and (batches or self._timer is None):
            self._timer = time.monotonic() + chain.bundle.batch_timeout

    def _config(self, record: Record, offset: int) -> None:
        chain = self._chain
        if record.original and record.original <= chain.original:
            return  # another orderer submitted the same one again, and that one came first
        if record.number < chain.bundle.sequence:
            self._submit_again(record, offset)
            return
        if batch := self._cutter.cut():
            chain.write(batch, offset - 1)
        self._timer = None
        chain.write_config(record.envelope, offset, record.original)

    def _submit_again(self, record: Record, offset: int) -> None:
        """The configuration changed since it was checked: check it anew, and let it queue again."""
        chain = self._chain
        try:
            envelope, sequence = chain.registrar.processor.renew(chain, record.envelope)
            self._produce(Record(CONFIG, sequence, record.original or offset, envelope))
        except (ConfigError, KafkaError) as error:
            self._log(
                f"[orderer/consensus/kafka] processRegular -> WARN [channel: {chain.name}] Discarding bad config "
                f"message because of = {error}"
            )
