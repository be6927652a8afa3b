"""Why an engine does not run. Each class has one stable code.

    EngineError
    ├── PlatformUnsupported      engine_platform_unsupported     Triton's wheel does not run on this machine
    ├── EnvironmentNotBuilt      engine_environment_not_built    a program or a Python environment is missing
    ├── RepositoryInvalid        engine_repository_invalid       there are no models to serve
    ├── DataFolderInvalid        engine_data_folder_invalid      the database of this folder cannot be used
    ├── DataFolderInUse          engine_data_folder_in_use       another process uses the database of this folder
    ├── StartFailed              engine_start_failed             the engine ended or hung before it was ready
    ├── GaveUp                   engine_gave_up                  the engine ended too often and is not restarted
    └── DumpFailed               engine_dump_failed              pg_dump, pg_restore or psql failed

`detail` says what happened and what to do. It may quote the engine's log and paths of this machine: it is for the
operator of the service and never for a client over the network.
"""

from typing import ClassVar


class EngineError(Exception):
    """An engine could not be started, or does not run any more."""

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
