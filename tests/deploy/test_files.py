"""The files to deploy with name commands, options and settings that there are, and pass linters."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from compose_spec import PyCompose

from amparo.core.settings import Settings
from amparo.programs.command import command
from amparo.programs.serve.server import GRACE_S

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy/amparo.service").read_text(encoding="utf-8")
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
PROGRAM = "/opt/amparo/bin/amparo"
KNOWN = {f"AMPARO_{each.upper()}" for each in Settings.model_fields}
DIRECTIVES = re.findall(r"^([A-Z]\w+)=(.*)$", UNIT, re.M)


def said(directive: str) -> list[str]:
    """All that the unit says of it."""
    return [value for name, value in DIRECTIVES if name == directive]


def understood(words: list[str]) -> None:
    """Fails where there is no such command, option or argument; nothing is run."""
    found: click.Command = command
    context = click.Context(command)
    while isinstance(found, click.Group):
        named = found.get_command(context, words[0])
        assert named is not None, words
        found, words = named, words[1:]
    found.make_context("amparo", list(words))


def commands() -> dict[str, list[str]]:
    start = re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.M)
    assert start is not None
    found = {"Containerfile": yaml.safe_load(start[1])}
    for directive in ("ExecStartPre", "ExecStart"):
        (line,) = said(directive)
        program, *words = shlex.split(line)
        assert program == PROGRAM
        found[directive] = words
    ours = {name: each for name, each in COMPOSE["services"].items() if name != "db"}
    return found | {name: each["command"] for name, each in ours.items()}


@pytest.mark.parametrize("where", commands())
def test_a_command_is_one_that_there_is(where: str) -> None:
    understood(commands()[where])


def test_a_command_that_there_is_not_is_found() -> None:
    with pytest.raises(click.UsageError):
        understood(["serve", "--wrokers", "2"])


def test_every_setting_is_one_that_there_is() -> None:
    texts = UNIT, CONTAINERFILE, yaml.safe_dump(COMPOSE)
    for each in {name for text in texts for name in re.findall(r"\bAMPARO_[A-Z_]+", text)}:
        assert each in KNOWN


def test_the_unit_gives_the_keys_that_its_settings_name_and_time_to_end() -> None:
    given = {each.partition(":")[0] for each in said("LoadCredential")}
    named = {each.rpartition("%d/")[2] for each in said("Environment") if "%d/" in each}
    assert given == named
    assert len(given) == 3
    (stop,) = said("TimeoutStopSec")
    assert int(stop) > GRACE_S + 10  # and workers.py waits ten seconds longer
    assert "MemoryDenyWriteExecute" not in dict(DIRECTIVES)
    for hardening in ("NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes",
                      "CapabilityBoundingSet=\n", "StateDirectory=amparo"):  # fmt: skip
        assert hardening in UNIT


def test_a_command_beside_the_unit_has_its_account_settings_keys_and_home(tmp_path: Path) -> None:
    """A program of the test's own in systemd-run's place writes down how it was called."""
    told = tmp_path / "systemd-run"
    told.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    told.chmod(0o755)
    ended = subprocess.run(
        [ROOT / "deploy/amparo-command", "keys", "create", "two words"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    words = ended.stdout.splitlines()
    properties = [each.removeprefix("--property=") for each in words if "--property=" in each]
    own = "StateDirectory=amparo amparo-backups"
    assert own in properties
    assert "User=amparo" in properties  # what the unit's name makes of DynamicUser
    for each in set(properties) - {own, "User=amparo"}:
        assert re.search(f"^{re.escape(each)}$", UNIT, re.M), each
    for directive in ("LoadCredential", "EnvironmentFile", "DynamicUser"):
        for value in said(directive):
            assert f"{directive}={value}" in properties
    environment = {
        each.replace("%S", "/var/lib").replace("%d", "${CREDENTIALS_DIRECTORY}")
        for each in said("Environment")
    }
    assert {each for each in words if each.startswith("AMPARO_")} == environment
    assert words[-4:] == [PROGRAM, "keys", "create", "two words"]
    assert set(commands_of_the_page()) == {"doctor", "backup"}


def commands_of_the_page() -> list[str]:
    page = (ROOT / "docs/how-to/deploy.md").read_text(encoding="utf-8")
    return re.findall(r"^/usr/local/sbin/amparo (\w+)", page, re.M)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze comes with systemd alone"
)
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    here = tmp_path / "amparo.service"
    here.write_text(UNIT.replace(PROGRAM, sys.executable))
    ended = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_containerfile_passes_its_linter() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    ended = subprocess.run(
        [linter, "--no-color", ROOT / "deploy/Containerfile"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_image_is_of_the_tested_versions_nobody_s_account_and_no_secrets() -> None:
    assert "PIP_CONSTRAINT=constraints.txt" in CONTAINERFILE
    (account,) = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.M)
    assert f"--uid {account} " in CONTAINERFILE
    assert f"chown {account} " in (ROOT / "docs/how-to/deploy.md").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.M)
    for each in " ".join(copied).split():
        assert (ROOT / each).exists()
    assert "/readyz" in CONTAINERFILE


def test_the_compose_file_is_one() -> None:
    composed = PyCompose.from_yaml(yaml.safe_dump(COMPOSE))
    composed.validate()
    assert set(composed.service_names()) == {"db", "upgrade", "serve", "worker"}


def test_a_field_that_compose_does_not_know_is_found() -> None:
    services = {**COMPOSE["services"], "serve": {**COMPOSE["services"]["serve"], "comand": []}}
    with pytest.raises(Exception, match="comand"):
        PyCompose.from_yaml(yaml.safe_dump({**COMPOSE, "services": services}))


def test_keys_lie_apart_from_data_and_passwords_in_files() -> None:
    homes = [line for line in CONTAINERFILE.splitlines() if "-keys/" in line]
    assert len(homes) == 3
    serve = COMPOSE["services"]["serve"]
    mounts = dict(each.split(":")[:2] for each in serve["volumes"])
    backups = mounts.pop("./backups")
    assert mounts == {"data": "/var/lib/amparo", "keys": "/var/lib/amparo-keys"}
    page = (ROOT / "docs/how-to/deploy.md").read_text(encoding="utf-8")
    assert f'exec serve amparo backup "{backups}/' in page
    assert "-o 10001 -g 10001 deploy/backups" in page
    assert all(each.startswith("127.0.0.1:") for each in serve["ports"])
    url = serve["environment"]["AMPARO_DATABASE_URL"]
    assert re.fullmatch(r"postgresql://amparo@db:\d+/amparo", url), "no password in it"
    for each in COMPOSE["secrets"].values():
        assert list(each) == ["file"]
    for name in ("upgrade", "serve", "worker"):
        each = COMPOSE["services"][name]
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert set(each["secrets"]) <= set(COMPOSE["secrets"])
