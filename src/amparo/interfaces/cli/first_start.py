"""`amparo prepare`: what a first start makes by itself, made before it: kernels and keys."""

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.options import announce, leave


@click.command("prepare", short_help="Make keys and kernels before the first start.")
@click.option("--keys", is_flag=True, help="Make the key files alone.")
def command(keys: bool) -> None:
    """Make the key files that the settings name where there are none, and compile the kernels.

    `amparo serve` does so by itself, where it may write there. A program that gets its keys from
    elsewhere, such as from systemd, finds them made.

    \b
    Example:
      AMPARO_VAULT_KEY_FILE=/etc/amparo/keys/vault-key.txt amparo prepare
    """
    from amparo.access.audit.signing import signing_key
    from amparo.access.people.secrets import ensure_access_key
    from amparo.app.compiled import ensure_compiled
    from amparo.respond.vault import ensure_key

    chosen = settings()
    ensure_key(chosen.vault_key)
    ensure_access_key(chosen.access_key)
    signing_key(chosen.audit_key)
    for each in (chosen.vault_key, chosen.access_key, chosen.audit_key):
        click.echo(each)
    announce("Keep copies of these keys apart from all backups of the data.")
    if not keys:
        ensure_compiled(chosen.home, announce)
    leave(0)
