import os
import stat
from pathlib import Path

import pytest

from engines import postgres_cluster
from engines.errors import DataFolderInUse, DataFolderInvalid


def test_a_folder_has_one_owner_until_its_lock_is_released(tmp_path: Path) -> None:
    folder_lock = postgres_cluster.lock_data_folder(tmp_path / "data")
    with pytest.raises(DataFolderInUse, match="TURNSTILE_DATABASE_URL"):
        postgres_cluster.lock_data_folder(tmp_path / "data")
    folder_lock.release()
    postgres_cluster.lock_data_folder(tmp_path / "data").release()


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    postgres_cluster.lock_data_folder(tmp_path / "data").release()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["initdb", "postgres"])
def test_the_wheel_has_the_programs(name: str) -> None:
    assert os.access(postgres_cluster.binary(name), os.X_OK)


def test_root_starts_the_server_as_nobody_and_other_users_as_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert postgres_cluster.as_unprivileged_user(["postgres"]) == ["postgres"]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    command = postgres_cluster.as_unprivileged_user(["postgres"])
    assert (command[0], command[-2:]) == ("setpriv", ["--", "postgres"])
    assert "--ambient-caps=-all,+dac_override" in command


def test_variables_of_libpq_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/elsewhere")
    assert not [name for name in postgres_cluster.server_environ() if name.startswith("PG")]


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DataFolderInvalid, match="PostgreSQL 17"):
        postgres_cluster.Cluster.at(tmp_path)
