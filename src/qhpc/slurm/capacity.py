"""How the number of licences that Slurm hands out is changed while jobs run. Pure: what to do, from what there is.

By ``reservation`` units are withheld: slurm.conf says the most, a reservation of licences alone keeps the rest. By
``resource`` Slurm's database (slurmdbd) says how many there are while all QPUs are there; what is withheld because a
QPU is away is a reservation there, too, since Slurm would refuse jobs that ask for more than there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qhpc.slurm.commands import (
    Command,
    change_remote_license,
    change_reservation,
    delete_reservation,
    reserve_licenses,
)
from qhpc.slurm.parsers import NotUnderstood, parse_licenses, parse_record

__all__ = ["LEASE_MINUTES", "Lever", "LeverMethod", "LicenseState", "parse_license_state"]

LeverMethod = Literal["reservation", "resource"]

LEASE_MINUTES = 60
"""A reservation that nobody prolongs ends after so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseState:
    """What Slurm hands out of a licence.

    Attributes:
        total: how many there are; None if Slurm does not know the licence.
        withheld: how many our reservation keeps; None if there is none.
        used: how many jobs have.
    """

    total: int | None = None
    withheld: int | None = None
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """Changes the number of one licence.

    Attributes:
        pool: whose licence it is.
        method: how.
        server: that the licence belongs to in Slurm's database.
    """

    pool: str
    method: LeverMethod = "reservation"
    server: str = "openqat"

    @property
    def license(self) -> str:
        """The licence, as jobs ask for it.

        >>> Lever(pool="fresnel").license, Lever(pool="fresnel", method="resource").license
        ('qpu_fresnel', 'qpu_fresnel@openqat')
        """
        return f"qpu_{self.pool}" if self.method == "reservation" else f"qpu_{self.pool}@{self.server}"

    @property
    def reservation(self) -> str:
        """Name of our reservation."""
        return f"openqat_{self.pool}"

    def steps(self, seen: LicenseState, *, total: int, units: int, prolongs: bool = False) -> list[Command]:
        """What to do so that Slurm hands out so many units; nothing if it does.

        Args:
            seen: what it hands out.
            total: units while all QPUs are there.
            units: units now.
            prolongs: whether a reservation that is right has to last longer.

        >>> lever = Lever(pool="fresnel")
        >>> lever.steps(LicenseState(total=1103), total=1103, units=0)[0][:3]
        ('scontrol', 'create', 'reservation')
        >>> lever.steps(LicenseState(total=1103, withheld=1103), total=1103, units=1103)
        [('scontrol', 'delete', 'ReservationName=openqat_fresnel')]
        >>> lever.steps(LicenseState(total=1103), total=1103, units=1103)
        []
        """
        if seen.total is None:
            return []
        counted: list[Command] = []
        if self.method == "resource" and seen.total != max(total, units):
            counted = [change_remote_license(f"qpu_{self.pool}", server=self.server, number=max(total, units))]
        withheld = max((seen.total if self.method == "reservation" else total) - units, 0)
        if not withheld:
            freed = [delete_reservation(self.reservation)] if seen.withheld is not None else []
            return freed + counted  # a QPU that is there again is handed out, even while the database is away
        if seen.withheld is None:
            counted.append(reserve_licenses(self.reservation, {self.license: withheld}, minutes=LEASE_MINUTES))
        elif prolongs or seen.withheld != withheld:
            counted.append(change_reservation(self.reservation, {self.license: withheld}, minutes=LEASE_MINUTES))
        return counted


def parse_license_state(lever: Lever, licenses: str, reservations: str) -> LicenseState:
    """What Slurm hands out of a licence.

    Args:
        lever: of the licence.
        licenses: what ``scontrol --oneliner show licenses`` prints.
        reservations: what ``scontrol --oneliner show reservation`` prints.

    >>> parse_license_state(Lever(pool="fresnel"), "LicenseName=qpu_fresnel Total=1103 Used=250 Free=853 Reserved=0 "
    ...     "Remote=no", "No reservations in the system")
    LicenseState(total=1103, withheld=None, used=250)
    """
    known = _named(licenses, "LicenseName", lever.license)
    ours = _named(reservations, "ReservationName", lever.reservation)
    try:
        total, used = (None, 0) if known is None else (int(known["Total"]), int(known["Used"]))
        withheld = None if ours is None else sum(parse_licenses(ours.get("Licenses", "")).values())
    except (KeyError, ValueError) as error:
        raise NotUnderstood(f"scontrol printed {licenses[:200]!r} and {reservations[:200]!r}: {error}") from None
    return LicenseState(total=total, withheld=withheld, used=used)


def _named(text: str, key: str, name: str) -> dict[str, str] | None:
    records: Sequence[dict[str, str]] = [parse_record(line) for line in text.splitlines()]
    return next((record for record in records if record.get(key) == name), None)
