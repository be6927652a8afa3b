"""One listener for the tests that only send."""

from collections.abc import Iterator

import pytest
from pynetdicom.transport import AssociationSocket

from tests.integration.pacs.receiving.running_listener import RunningListener, running_listener
from tests.postgres import RunningPostgres


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[RunningListener]:
    with running_listener(tmp_path_factory.mktemp("listener"), postgres.new_database()) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _senders_close_their_sockets() -> Iterator[None]:
    """pynetdicom 3.0.4 leaves a socket open whose peer is gone, and Python warns of it some tests later."""
    shut_down = AssociationSocket._shutdown_socket

    def close(self: AssociationSocket) -> None:
        opened = self.socket
        shut_down(self)
        if opened is not None:
            opened.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AssociationSocket, "_shutdown_socket", close)
        yield
