"""Follows Postgres' log: a replication stream of the published tables, opened again whenever it breaks."""

import asyncio
import logging
import os
import uuid
from collections.abc import Callable
from contextlib import closing

import psycopg2
from psycopg2.extras import LogicalReplicationConnection, ReplicationCursor

from local.gateway.realtime.pgoutput import Change, Decoder

PUBLICATIONS = "supabase_realtime,supabase_realtime_messages_publication"
RETRY_SECONDS = 0.2
FEEDBACK_SECONDS = 5.0

log = logging.getLogger(__name__)


class ReplicationStream:
    """Calls `receive` with every committed change, in order.

    The slot is temporary: what is committed while the stream is broken is never told, as upstream.
    """

    def __init__(self, database_url: str, receive: Callable[[Change], None]) -> None:
        self.streaming = asyncio.Event()
        self._database_url = database_url
        self._receive = receive

    async def run(self) -> None:
        """Follow the database until cancelled, again after each loss."""
        while True:
            try:
                await self._follow()
            except psycopg2.Error as error:
                log.warning("replication stream lost: %s", str(error).strip())
            self.streaming.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        # Opening blocks until running transactions are over, so it may not sit on the loop.
        cursor = await asyncio.to_thread(self._open)
        with closing(cursor.connection), closing(cursor):
            readable, loop = asyncio.Event(), asyncio.get_running_loop()
            loop.add_reader(cursor, readable.set)
            try:
                self.streaming.set()
                await self._read(cursor, readable)
            finally:
                loop.remove_reader(cursor)

    async def _read(self, cursor: ReplicationCursor, readable: asyncio.Event) -> None:
        decoder = Decoder()
        while True:
            readable.clear()
            while message := cursor.read_message():
                if change := decoder.feed(message.payload):
                    self._receive(change)
                cursor.send_feedback(flush_lsn=message.data_start)
            try:
                await asyncio.wait_for(readable.wait(), FEEDBACK_SECONDS)
            except TimeoutError:
                cursor.send_feedback()

    def _open(self) -> ReplicationCursor:
        connection = psycopg2.connect(
            self._database_url, connection_factory=LogicalReplicationConnection, connect_timeout=5
        )
        cursor = connection.cursor()
        slot = f"realtime_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        cursor.execute(f"CREATE_REPLICATION_SLOT {slot} TEMPORARY LOGICAL pgoutput")
        options = {"proto_version": "1", "publication_names": PUBLICATIONS}
        cursor.start_replication(slot_name=slot, decode=False, options=options)
        return cursor
