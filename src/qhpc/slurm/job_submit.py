"""The ``job_submit.lua`` of a site, as text. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from qhpc.slurm.site import Pool, license_units

__all__ = ["job_submit_lua"]


def job_submit_lua(pools: Sequence[Pool], *, default_units: int = 250, duty_table: str = "", server: str = "") -> str:
    """A job_submit.lua that translates a request for a QPU into its licence, and refuses one that cannot be met.

    Users write ``#SBATCH --comment=qpu:POOL`` or ``--comment=qpu:POOL:UNITS``; ``all`` units are the whole pool. With a
    table of duties jobs ask for what jobs like them were measured to need, unless that is about what they ask for, or
    they ask for the whole pool. A table that is missing or spoilt is said in the log of slurmctld, and changes nothing.

    Args:
        pools: that jobs may use.
        default_units: of a job that names none.
        duty_table: file that the broker writes; see :mod:`qhpc.slurm.duty_table`.
        server: of the licences, if they are in Slurm's database.

    >>> '["fresnel"] = 1103' in job_submit_lua([Pool(name="fresnel")])
    True
    """
    units = ", ".join(f"[{json.dumps(pool.name)}] = {license_units(pool)}" for pool in pools)
    lua = _REQUESTS.replace(
        "@LEARNED@", _LEARNED.replace("@TABLE@", json.dumps(duty_table)) if duty_table else _NOTHING
    )
    lua = lua.replace("@SERVER@", f"@{server}" if server else "")
    return lua.replace("@UNITS@", units).replace("@DEFAULT@", str(default_units))


_REQUESTS = """\
-- Translates a request for a QPU, --comment=qpu:POOL[:UNITS|:all], into the licence of its pool.
local units_of = { @UNITS@ }

@LEARNED@
local function request(comment)
    local pool, units = string.match(comment or "", "^qpu:([%w_.-]+):?(%w*)$")
    return pool, units
end

function slurm_job_submit(job, partitions, uid)
    local pool, asked = request(job.comment)
    if pool ~= nil then
        local most = units_of[pool]
        local units = (asked == "" and @DEFAULT@) or (asked == "all" and most) or tonumber(asked)
        if most == nil or units == nil or units < 1 or units > most then
            slurm.log_user("there is no QPU " .. job.comment ..
                "; ask for --comment=qpu:POOL:UNITS, 1000 units are a QPU")
            return slurm.ERROR
        end
        local license = "qpu_" .. pool .. "@SERVER@:" .. math.ceil(units)
        job.licenses = (job.licenses and job.licenses ~= "" and (job.licenses .. ",") or "") .. license
    end
    ask_for_what_is_needed(job)
    return slurm.SUCCESS
end

function slurm_job_modify(job, record, partitions, uid)
    return slurm.SUCCESS
end

return slurm.SUCCESS
"""

_NOTHING = """\
local function ask_for_what_is_needed(job)
end
"""

_LEARNED = """\
-- What jobs were measured to need. Nothing of this may keep a job from being submitted.
local duty_table = @TABLE@
local known_header, known = nil, {}

local function read_duties(file)
    local header = file:read("*l") or ""
    if header == known_header then
        return
    end
    local found, is_whole = {}, false
    local is_right = string.match(header, "^openqat%-duties 1 %x+$") ~= nil
    for line in file:lines() do
        local key, units = string.match(line, "^([^\\t]+\\t[^\\t]+\\t[^\\t]+)\\t(%d+)$")
        is_right = is_right and not is_whole and (key ~= nil or line == "end")
        if key ~= nil then
            found[key] = tonumber(units)
        end
        is_whole = line == "end"
    end
    if not is_right or not is_whole then
        error("it is no whole table of duties", 0)
    end
    known_header, known = header, found
end

local function duties()
    local file, why = io.open(duty_table, "r")
    if file == nil then
        error(why, 0)
    end
    local is_read, trouble = pcall(read_duties, file)
    file:close()
    if not is_read then
        error(duty_table .. ": " .. tostring(trouble), 0)
    end
    return known
end

-- What a line of the script sets a variable to.
local function said(job, variable)
    return string.match("\\n" .. (job.script or ""), "\\nexport " .. variable .. "=([%w_.:+@-]+)\\n")
end

local function stack_of(job)
    local name = string.gsub(job.name or "", "[^%w_.:+-]", "_")
    return said(job, "QAT_STACK") or string.sub(name, 1, 100)
end

local function needed(job, license)
    local pool, server, asked = string.match(license, "^qpu_([%w_.-]+)(@?[%w_.-]*):?(%d*)$")
    local most = pool and units_of[pool]
    if most == nil then
        return nil
    end
    local user, stack, declared = said(job, "QAT_OWNER") or job.user_name, stack_of(job), tonumber(asked) or 1
    local units = duties()[user .. "\\t" .. pool .. "\\t" .. stack]
    if units == nil or units < 1 or units > most or declared >= most then
        return nil
    end
    if units * 5 >= declared * 4 and units * 4 <= declared * 5 then
        return nil
    end
    slurm.log_user("jobs like " .. stack .. " have needed " .. units .. " units of the QPU " .. pool ..
        ": it asks for them instead of " .. declared)
    return "qpu_" .. pool .. server .. ":" .. units
end

local function ask_for_what_is_needed(job)
    if string.match(job.licenses or "", "qpu_") == nil then
        return
    end
    local is_known, result = pcall(string.gsub, job.licenses, "[^,;]+", function(license)
        return needed(job, license)
    end)
    if is_known then
        job.licenses = result
    else
        slurm.log_error("openqat: jobs ask for what they declare: %s", tostring(result))
    end
end
"""
