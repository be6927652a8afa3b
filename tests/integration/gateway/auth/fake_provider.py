"""A small OpenID Connect provider over HTTP: real keys, one-time codes, strict PKCE."""

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "turnstile"
CLIENT_SECRET = "a secret with spaces, and a comma"  # noqa: S105 - of this test's provider

ADA = {"sub": "u-1", "name": "Ada Reader", "roles": ["radiologist"]}
ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}


@dataclass
class Provider:
    """Its issuer URL, its keys, and the claims of the next person who signs in."""

    issuer: str
    keys: list[RSAKey | ECKey] = field(default_factory=list)
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "name": "Ada Reader", "roles": ["radiologist"]}
    )
    answers: bool = True
    key_fetches: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self, kind: str = "RSA") -> None:
        """Replace all keys by a new one."""
        parameters: KeyParameters = {"kid": uuid4().hex, "use": "sig"}
        if kind == "EC":
            self.keys = [ECKey.generate_key("P-256", parameters)]
        else:
            self.keys = [RSAKey.generate_key(2048, parameters)]

    def token(self, **claims: Any) -> str:
        """A signed token for the API; a claim that is None is omitted."""
        now_s = int(time.time())
        standard = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now_s, "exp": now_s + 300}
        payload = {name: value for name, value in (standard | self.person | claims).items() if value is not None}
        key = self.keys[0]
        algorithm = ALGORITHMS[key.key_type]
        return jwt.encode({"alg": algorithm, "kid": key.kid}, payload, key, algorithms=[algorithm])

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            },
            status_code=200 if self.answers else 503,
        )

    async def _keys(self, _request: Request) -> Response:
        self.key_fetches += 1
        symmetric = {
            "kty": "oct",
            "k": "c2VjcmV0",
            "kid": "symmetric",
        }  # some providers list symmetric keys, which must not be used
        public = [key.as_dict(private=False) for key in KeySet(list(self.keys))]
        return JSONResponse({"keys": [*public, symmetric]}, status_code=200 if self.answers else 503)

    async def _authorize(self, request: Request) -> Response:
        """The person consents at once."""
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = uuid4().hex
        self.codes[code] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET.replace(' ', '+').replace(',', '%2C')}".encode()).decode()
        query = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            query is None
            or request.headers.get("authorization") != f"Basic {basic}"
            or challenge.decode() != query["code_challenge"]
            or form["redirect_uri"] != query["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse({"id_token": self.token(nonce=query["nonce"]), "token_type": "Bearer"})


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Serve it in a thread until the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    provider = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(provider.app(), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), name="provider")
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
