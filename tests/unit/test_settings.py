"""Settings fail at the start, by name, and keep their secrets."""

from pathlib import Path

import pytest

from backend import settings
from backend.settings import SettingsError, load
from backend.settings.checks import check_identity, is_open

SECRET = "hunter2"


def test_without_any_setting_everything_is_embedded(tmp_path):
    found = load()
    assert found.embedded
    assert found.database == f"sqlite:///{tmp_path / 'home' / 'dubline.db'}"
    assert found.api_url == "http://127.0.0.1:8642"


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("API_PORT", "9000")
    monkeypatch.setenv("PUBLIC_URL", "https://dub.example/")
    assert load().api_port == 9000
    assert load().api_url == "https://dub.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_PORT", "eighty"),
        ("API_PORT", "70000"),
        ("LEASE_S", "0"),
        ("MAX_ATTEMPTS", "0"),
        ("STORAGE_BACKEND", "ftp"),
        ("WORKER_CONCURRENCY", "0"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load()


def test_all_wrong_settings_are_named_at_once(monkeypatch):
    monkeypatch.setenv("API_PORT", "x")
    monkeypatch.setenv("LEASE_S", "x")
    with pytest.raises(SettingsError, match=r"API_PORT: .*; LEASE_S: "):
        load()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"LEASE_S": "20", "HEARTBEAT_S": "15"}, "LEASE_S"),
        ({"BROKER_URL": "redis://r"}, "DATABASE_URL"),
        ({"STORAGE_BACKEND": "minio"}, "MINIO_ENDPOINT"),
        ({"ASSEMBLYAI_WEBHOOK_SECRET": "s" * 20}, "PUBLIC_URL"),
        (
            {"ASSEMBLYAI_WEBHOOK_SECRET": "short", "PUBLIC_URL": "https://a.example"},
            "ASSEMBLYAI_WEBHOOK_SECRET",
        ),
        ({"STORAGE_BACKEND": "s3"}, "S3_ACCESS_KEY"),
        ({"STORAGE_BACKEND": "s3", "S3_ACCESS_KEY": "k"}, "S3_SECRET_KEY"),
        ({"STORAGE_BACKEND": "minio", "MINIO_ENDPOINT": "m:9000"}, "MINIO_ACCESS_KEY"),
        (
            {"STORAGE_BACKEND": "minio", "MINIO_ENDPOINT": "m", "MINIO_ACCESS_KEY": "k"},
            "MINIO_SECRET_KEY",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(monkeypatch, given, named):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{named}: "):
        load()


@pytest.mark.parametrize(
    "given",
    [
        {"API_HOST": "192.0.2.7"},
        {"API_HOST": "dub.example"},
        {"PUBLIC_URL": "https://dub.example"},
        {"BROKER_URL": "redis://r", "DATABASE_URL": "postgresql://db/dubline"},
    ],
)
def test_an_api_that_others_reach_has_to_know_them(monkeypatch, given):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"^IDENTITY: .* set it to accounts or supabase$"):
        check_identity(load())
    monkeypatch.setenv("IDENTITY", "accounts")
    monkeypatch.setenv("SECRET_KEY", "s" * 32)
    check_identity(load())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_embedded_house_is_open_to_its_own_machine(monkeypatch, host):
    monkeypatch.setenv("API_HOST", host)
    check_identity(load())
    assert is_open(load())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"IDENTITY": "accounts", "SECRET_KEY": "s" * 31}, "SECRET_KEY"),
        ({"IDENTITY": "supabase"}, "SUPABASE_ISSUER"),
        (
            {"IDENTITY": "supabase", "SUPABASE_ISSUER": "i", "SUPABASE_JWT_SECRET": "short"},
            "SUPABASE_JWT_SECRET",
        ),
        (
            {"IDENTITY": "accounts", "BROKER_URL": "redis://r", "DATABASE_URL": "postgresql://d"},
            "SECRET_KEY",
        ),
    ],
)
def test_what_identity_cannot_do_without(monkeypatch, given, named):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{named}: "):
        load()


def test_secrets_are_in_no_text(monkeypatch):
    for name in ("DATABASE_URL", "BROKER_URL"):
        monkeypatch.setenv(name, f"postgresql://dubline:{SECRET}@db/dubline")
    for name in (
        *("SECRET_KEY", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"),
        *("SMTP_URL", "SUPABASE_JWT_SECRET", "DUBLINE_API_KEY"),
    ):
        monkeypatch.setenv(name, SECRET)
    found = load()
    assert SECRET in found.database
    assert SECRET not in f"{found!r} {found!s} {found.model_dump_json()}"


def test_errors_show_no_values(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://dubline:{SECRET}@db/dubline")
    monkeypatch.setenv("API_PORT", SECRET)
    with pytest.raises(SettingsError) as refused:
        load()
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_every_setting_says_what_it_is():
    fields = settings.Settings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []


def test_a_user_without_a_home_is_told_to_name_one(monkeypatch):
    def find_no_home() -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("DUBLINE_HOME")
    monkeypatch.setattr(Path, "home", find_no_home)
    with pytest.raises(SettingsError, match=r"^DUBLINE_HOME: "):
        load()
