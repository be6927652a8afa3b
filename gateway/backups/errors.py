"""Why a backup was not written, or not restored. Each class has one stable code.

    BackupError
    ├── BackupMissing       backup_missing         there is no complete backup of that name
    ├── BackupDamaged       backup_damaged         a part is missing, incomplete or changed
    ├── BackupTooNew        backup_too_new         its schema is of a newer release than this one
    ├── BackupInUse         backup_in_use          another backup writes to the same place
    ├── SchemaNotCurrent    schema_not_current     the database must be migrated first
    ├── DatabaseNotEmpty    database_not_empty     it holds records, and --replace is not given
    ├── DatabaseInUse       database_in_use        a gateway, a worker or another client is connected
    └── DatabaseForeign     database_foreign       it holds tables of another program

`detail` says what happened and what to do, for the operator of the service; it names no patient.
"""

from screening.coded_error import CodedError


class BackupError(CodedError):
    code = "backup_error"


class BackupMissing(BackupError):
    code = "backup_missing"


class BackupDamaged(BackupError):
    code = "backup_damaged"


class BackupTooNew(BackupError):
    code = "backup_too_new"


class BackupInUse(BackupError):
    code = "backup_in_use"


class SchemaNotCurrent(BackupError):
    code = "schema_not_current"


class DatabaseNotEmpty(BackupError):
    code = "database_not_empty"


class DatabaseInUse(BackupError):
    code = "database_in_use"


class DatabaseForeign(BackupError):
    code = "database_foreign"
