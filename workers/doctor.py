"""Whether Dubline can run on this machine, what it can do there, and what to install for more.

    python -m workers.doctor [--json]

ends with 0 when at least one language can be dubbed into offline, otherwise with 1.
"""

import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from backend.settings import Settings, SettingsError, load
from workers.machine_checks import Finding, check_home, check_modules


def main(*, as_json: bool = False) -> int:
    """Print the findings; returns the exit code."""
    try:
        settings = load()
    except SettingsError as error:
        Console(stderr=True).print(f"Error: {error}", highlight=False, soft_wrap=True)
        return 1
    ground = [check_modules(), check_home(settings.dubline_home)]
    found, usable = _ask_engines(settings) if ground[0].works else ([], False)
    if as_json:
        told = [asdict(one) for one in (*ground, *found)]
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201
    else:
        Console().print(_build_table([*ground, *found]))
    return 0 if usable and all(one.works for one in ground) else 1


def _ask_engines(settings: Settings) -> tuple[list[Finding], bool]:
    from workers import engines  # only where its modules load
    from workers.providers.registry import ProviderRegistry

    registry = ProviderRegistry(settings)
    found, pairs = engines.inspect_engines(registry), engines.inspect_languages(registry)
    listed = [one for kind in found.values() for one in kind]
    return [*listed, *pairs], engines.is_usable(found, pairs)


def _build_table(found: list[Finding]) -> Table:
    table = Table(title="Dubline without any service")
    for heading in ("", "Works", "How, or what to do"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.subject, "yes" if one.works else "no", one.detail)
    return table


if __name__ == "__main__":
    sys.exit(main(as_json="--json" in sys.argv))
