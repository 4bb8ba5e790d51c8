"""docs/shared_qpus.md: its settings can be read, its commands have these options."""

import re

from click.testing import CliRunner

from openqat.cli import qat
from qat.shared.addresses import address_in, client_settings
from qhpc.broker.settings import settings_in
from tests.acceptance.pages import ROOT

TEXT = (ROOT / "docs" / "shared_qpus.md").read_text(encoding="utf-8")
CLIENT, QUOTAS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
POOL = '[pools.p]\nqpus = ["q"]\n[qpus.q]\ndriver = "emulated"\n'


def test_the_file_of_the_machine(tmp_path):
    (tmp_path / "broker.toml").write_text(CLIENT)
    settings = client_settings(None, {}, str(tmp_path / "broker.toml"))
    assert address_in(settings.broker).port == 8445
    assert settings.authority and settings.munge_socket


def test_the_quotas():
    quotas = settings_in(f'directory = "/srv/b"\n{QUOTAS}{POOL}').quotas
    assert (quotas.period_s, quotas.user_s) == (30 * 86400.0, 3600.0)
    assert quotas.accounts == {"physics": 360000}


def test_the_commands():
    told = CliRunner().invoke(qat, ["usage", "--help"]).output
    used = set(re.findall(r"(--[a-z]+)", "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))))
    assert used == {"--qpu", "--by", "--since", "--sacct", "--output", "--all"}
    assert all(option in told for option in used)
