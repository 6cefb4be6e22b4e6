"""The contract as tools of clients' developers take it."""

import subprocess

import pytest

from tests.openapi.tools import run_tool

pytestmark = pytest.mark.timeout(600)  # npm has 270 packages to fetch, once


def check_passed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def test_spectral_and_the_rules_of_owasp():
    """Red with a string without `maxLength`, or an operation without `operationId`."""
    check_passed(
        run_tool("spectral", "lint", "openapi.yaml", "-r", "spectral.yaml", "--fail-severity=warn")
    )


def test_redocly():
    """Red with an example that does not fit its schema."""
    done = run_tool("redocly", "lint", "openapi.yaml", "--config=redocly.yaml", "--format=stylish")
    check_passed(done)
    assert "warning" not in done.stdout


def test_a_client_compiles_strictly():
    """Red with a property of an answer that is not required."""
    # Else a property of a request that has a default would have to be sent.
    types = ("--default-non-nullable", "false", "-o", "dubline.d.ts")
    check_passed(run_tool("openapi-typescript", "openapi.yaml", *types))
    strict = ("--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom")
    check_passed(run_tool("tsc", *strict, "--skipLibCheck", "client.ts"))
