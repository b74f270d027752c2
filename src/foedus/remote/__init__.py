"""A running store reached over HTTP: load it, ask it."""

from __future__ import annotations

from foedus.remote.ask import Store, find_store, remote_select
from foedus.remote.credentials import Credentials, find_credentials
from foedus.remote.endpoint import Endpoint, endpoint, presets
from foedus.remote.load import LoadReport, load
from foedus.remote.plan import Into, Mode
from foedus.remote.record import Record, Source, read_record
from foedus.remote.send import send
from foedus.remote.wire import Wire
from foedus.remote.wrapper import StoreWrapper

__all__ = [
    "Credentials",
    "Endpoint",
    "Into",
    "LoadReport",
    "Mode",
    "Record",
    "Source",
    "Store",
    "StoreWrapper",
    "Wire",
    "endpoint",
    "find_credentials",
    "find_store",
    "load",
    "presets",
    "read_record",
    "remote_select",
    "send",
]
