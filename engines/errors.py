"""Why an engine does not run: one tree, one stable code a leaf.

    EngineError
    ├── PlatformUnsupported      engine_platform_unsupported     no Triton for this machine, for good
    ├── EnvironmentNotBuilt      engine_environment_not_built    its Python environment cannot be installed
    ├── RepositoryInvalid        engine_repository_invalid       there are no models to serve
    ├── DataFolderInvalid        engine_data_folder_invalid      the database cannot be kept there
    ├── DataFolderInUse          engine_data_folder_in_use       another process keeps its database there
    ├── StartFailed              engine_start_failed             it died or hung before it was ready
    ├── GaveUp                   engine_gave_up                  it died too often and is not started again
    └── DumpFailed               engine_dump_failed              pg_dump, pg_restore or psql did not do its work

`detail` says what happened and what to do. It may quote the engine's log and paths of this machine: it is meant for
whoever runs the service and never for a client over the network.
"""

from typing import ClassVar


class EngineError(Exception):
    """An engine that could not be started, or is not kept running."""

    code: ClassVar[str] = "engine_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class PlatformUnsupported(EngineError):
    code = "engine_platform_unsupported"


class EnvironmentNotBuilt(EngineError):
    code = "engine_environment_not_built"


class RepositoryInvalid(EngineError):
    code = "engine_repository_invalid"


class DataFolderInvalid(EngineError):
    code = "engine_data_folder_invalid"


class DataFolderInUse(EngineError):
    code = "engine_data_folder_in_use"


class StartFailed(EngineError):
    code = "engine_start_failed"


class GaveUp(EngineError):
    code = "engine_gave_up"


class DumpFailed(EngineError):
    code = "engine_dump_failed"
