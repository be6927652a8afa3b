"""The page's own code uses no interface of the browser that would run, store or send what it must not.

React writes every text as a text node. These tests hold that nothing goes around it, and what may be stored.
"""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
SOURCES: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in ("src", "public")
    for path in (ROOT / "web" / folder).rglob("*")
    if path.suffix in {".ts", ".tsx", ".js"}
}
FORBIDDEN: Final = {
    "markup from text": r"dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|srcdoc",
    "code from text": r"\beval\(|new Function\(|set(?:Timeout|Interval)\(\s*[\"'`]",
    "messages of other windows": r"addEventListener\(\s*[\"']message[\"']|window\.onmessage|\.opener\b",
    "prototypes": r"__proto__|setPrototypeOf|\.prototype\s*[.\[=]",
    "storage that outlives a session": r"indexedDB|document\.cookie|caches\.open|serviceWorker",
    "sockets of their own": r"new WebSocket\(|RTCPeerConnection",
}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_it_is_not_used(kind: str) -> None:
    assert len(SOURCES) > 80
    assert [name for name, text in SOURCES.items() if re.search(FORBIDDEN[kind], text)] == []


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("markup from text", "node.innerHTML = name"),
        ("code from text", "eval(name)"),
        ("messages of other windows", 'addEventListener("message", run)'),
        ("prototypes", "Object.prototype.admin = 1"),
        ("storage that outlives a session", "document.cookie"),
        ("sockets of their own", "new WebSocket(url)"),
    ],
)
def test_the_search_finds_it(kind: str, code: str) -> None:
    assert re.search(FORBIDDEN[kind], code)


def test_local_storage_holds_language_and_colours_only() -> None:
    """Each use of the storage, by file; a new one must be added here, with what it stores."""
    uses = {name: set(re.findall(r"(?:local|session)Storage\w*", text)) for name, text in SOURCES.items()}
    assert {name: used for name, used in uses.items() if used} == {
        "web/public/boot.js": {"localStorage"},  # reads the colours before the first paint
        "web/src/app/app.tsx": {"localStorageColorSchemeManager"},  # turnstile-colours
        "web/src/shared/i18n/index.ts": {"localStorage"},  # the language
    }
