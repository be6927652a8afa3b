"""The parts of a study's work, found in a call stack by the file of a function."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from benchmarks.study_profile.samples import Stack

OTHER: Final = "other"
INDEX: Final = "index for DICOMweb"  # a task of its own, whatever it calls
_OF_INDEX: Final = re.compile(r"gateway/pacs/dicomweb")

# By kind of process; the innermost function that a pattern matches decides, so order is of no importance.
PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "gateway": {
        "socket": r"asyncio/selector_events|socket\.py",
        "HTTP parser and server": r"uvicorn/|httptools|gateway/http/server|gateway/http/send_timeout",
        "multipart": r"python_multipart|gateway/http/multipart",
        "hash and write": r"hashing_stream|gateway/storage/|obstore|hashlib",
        "calls, checks, JSON": r"starlette/|fastapi/|pydantic|gateway/http/|json/",
        "database": r"sqlalchemy|psycopg|procrastinate|gateway/database|/store/",
        "records, audit": r"gateway/(records|audit|quotas|idempotency|auth|fairness)",
        "telemetry, log": r"structlog|prometheus_client|opentelemetry|gateway/telemetry|logging/",
    },
    "workers": {
        "engine calls (gRPC, shared memory)": r"grpc|tritonclient|gateway/inference|numpy/",
        "fusion and report": r"screening/results|gateway/reports|gateway/analyses|gateway/screening",
        "results as DICOM, pictures": r"result_objects|highdicom|pydicom|gateway/viewing|PIL|cv2",
        "database": r"sqlalchemy|psycopg|procrastinate|gateway/database|/store/",
        "calls to decode workers": r"pebble|multiprocessing|pickle|concurrent/futures",
        "storage": r"gateway/storage|obstore",
        "telemetry, log": r"structlog|prometheus_client|opentelemetry|gateway/telemetry|logging/",
    },
    "decoding": {
        "files of the upload": r"screening/intake|zipfile|isal",
        "headers": r"pydicom|data_set_reading|slice_header|screening/dicom/part10|screening/series",
        "pixels": r"lossless_decoding|imagecodecs|screening/dicom/decoding|stored_bits",
        "HU": r"screening/dicom/hu|hu_plausibility",
        "lungs": r"screening/lungs|slice_anatomy",
        "views": r"screening/views",
        "input of the 3D expert": r"screening/blocks",
        "hand over": r"pickle|multiprocessing|shared_memory|pebble",
    },
}


def parts_of(role: str, stacks: Counter[Stack]) -> dict[str, float]:
    """The share of each part in these stacks, largest first; what no pattern matches is `other`."""
    patterns = {part: re.compile(pattern) for part, pattern in PARTS.get(role, {}).items()}
    found = Counter[str]()
    for stack, count in stacks.items():
        found[_part(stack, patterns)] += count
    total = found.total() or 1
    return {part: count / total for part, count in found.most_common()}


def largest(stacks: Counter[Stack], number: int = 8) -> dict[str, float]:
    """The share of the innermost functions that are seen most: for processes that are not ours."""
    found = Counter[str]()
    for stack, count in stacks.items():
        found[stack[-1]] += count
    total = found.total() or 1
    return {function: count / total for function, count in found.most_common(number)}


def _part(stack: Stack, patterns: Mapping[str, re.Pattern[str]]) -> str:
    if any(map(_OF_INDEX.search, stack)):
        return INDEX
    for function in reversed(stack):
        for part, pattern in patterns.items():
            if pattern.search(function):
                return part
    return OTHER
