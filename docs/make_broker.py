"""Puts the tables of settings into docs/broker.md.

python docs/make_broker.py
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from qhpc.broker import settings

PAGE = Path(__file__).with_name("broker.md")
TABLES = {
    "listen": settings.ListenSettings,
    "identity": settings.IdentitySettings,
    "slurm": settings.SlurmSettings,
    "pools": settings.PoolSettings,
    "qpus": settings.QpuSettings,
    "quotas": settings.QuotaSettings,
    "limits": settings.LimitSettings,
}


def page(text: str) -> str:
    """The page with new tables: each stands between two comments that name it."""
    options = runpy.run_path(str(Path(__file__).with_name("make_drivers.py")))["options"]
    for name, structure in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        table = "\n".join([begin, "", *options(structure), "", end])
        text = re.sub(f"{begin}.*?{end}", lambda _, table=table: table, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
