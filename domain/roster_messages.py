"""What can be wrong with a roster, as one table: every message and its remedy are here.

``{names}`` in a text are filled from the fault's fields, its ``column`` and its ``value``. ``near`` is the remedy where
something close to the value is known, as ``{nearest}``.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Message(NamedTuple):
    text: str
    remedy: str
    near: str = ""


MESSAGES: Final[dict[str, Message]] = {
    # files
    "roster.unknown-file": Message(
        "{value} is not the name of a sheet.",
        "Name it after a sheet ({allowed}), or take it out of the roster.",
        "Name it {nearest}, or take it out of the roster.",
    ),
    "roster.second-file": Message(
        "The sheet {sheet} is already in {first}.", "Keep one of the two, with the rows of both."
    ),
    "roster.binary": Message(
        "The file is not text: it holds a NUL byte.", "Save it as CSV in UTF-8, or give the whole roster as one .xlsx."
    ),
    "roster.encoding": Message(
        "The text is neither UTF-8 nor Windows-1252, or a mixture of the two.", "Save the file as CSV in UTF-8."
    ),
    "roster.too-large": Message(
        "The file has more than {limit} MiB.", "Split the roster and import one part at a time."
    ),
    "roster.bad-csv": Message(
        "The CSV breaks off here: {detail}.",
        "Look for a quotation mark that is never closed, or that text follows, at or above this row.",
    ),
    "roster.long-line": Message(
        "A line has more than {limit} characters.",
        "Look for a quotation mark that is never closed, or lost line breaks.",
    ),
    # header and shape
    "roster.unknown-column": Message(
        "{value} is not a column of {sheet}.",
        "Take the column out. The columns are: {allowed}.",
        "Name it {nearest}, or take it out.",
    ),
    "roster.missing-column": Message(
        "The column {column} is missing.", "Add the column: every row of {sheet} needs it."
    ),
    "roster.second-column": Message("The column {column} is there twice.", "Keep one of the two."),
    "roster.unnamed-column": Message("A column without a name holds a value.", "Name the column, or clear its cells."),
    "roster.too-many-cells": Message(
        "The row has more cells than the header.",
        "Put text that holds the separator, such as a list with ;, between double quotation marks.",
    ),
    "roster.formula": Message("The cell holds a formula.", "Replace the formula by its value (paste as values)."),
    "roster.cell-error": Message(
        "The cell holds a spreadsheet error.", "Write the value that is meant, or clear the cell."
    ),
    # values
    "roster.place-abroad": Message(
        "{value} lies in another country than this place.",
        "Name a place whose code begins with {country}, or correct the id: a place's code begins with its country's.",
    ),
    "roster.required": Message("{column} is empty.", "Fill in {column}."),
    "roster.bad-id": Message(
        "The id is not well formed.",
        "Use 2 to 64 of a-z, 0-9, dot, hyphen and underscore; the first is a letter or digit.",
        "Write it as {nearest}.",
    ),
    "roster.duplicate-id": Message(
        "The id is already taken in row {first}.", "Give each row an id of its own, or take one out."
    ),
    "roster.bad-enum": Message(
        "{value} is not a possible {column}.",
        "Use one of: {allowed}.",
        "Did you mean {nearest}? Use one of: {allowed}.",
    ),
    "roster.bad-slug": Message(
        "{value} is not a plain word.", "Use a-z, 0-9 and hyphens, such as first-responder.", "Write it as {nearest}."
    ),
    "roster.bad-number": Message(
        "{value} is not a whole number from {low} to {high}.", "Write digits only, such as {low}."
    ),
    "roster.bad-date": Message("{value} is not a date.", "Write it as year-month-day, such as 2026-01-31."),
    "roster.bad-period": Message(
        "until is not after since ({since}).",
        "until is the first day on which it no longer holds: make it later than since.",
    ),
    "roster.control-character": Message(
        "The text holds a character that can't be seen or turns the writing: {character}.",
        "Type the text anew in this cell.",
    ),
    "roster.too-long": Message("The text has more than {limit} characters.", "Shorten it to {limit} characters."),
    "roster.separator": Message(
        "{value} holds a semicolon.", "Lists are separated by semicolons: leave it out of the item."
    ),
    "roster.bad-country": Message(
        "{value} does not begin with a country code of ISO 3166-1.",
        "Begin with the two capital letters of the country, such as GB or GB-GSS-E09000007.",
        "Did you mean {nearest}?",
    ),
    "roster.bad-place": Message(
        "{value} is not a place code.",
        "Use the ISO code or a local code in capitals, such as GB, GB-SCT or GB-GSS-E09000007.",
        "Write it as {nearest}.",
    ),
    "roster.bad-subdivision": Message(
        "{value} is not a subdivision code of ISO 3166-2.",
        "A nation has an ISO 3166-2 code, such as GB-SCT; for any other place choose another kind.",
        "Did you mean {nearest}?",
    ),
    "roster.not-a-country": Message(
        "{value} is not a country code of ISO 3166-1.",
        "A country has two capital letters, such as GB; for a part of one choose another kind.",
    ),
    "roster.is-a-country": Message(
        "{value} is the code of a whole country.",
        "Give this place its own code, such as {value}-1, or the kind country.",
    ),
    "roster.bad-language": Message(
        "{value} is not a language tag.", "Use a BCP 47 tag, such as en, cy or zh-Hant.", "Write {nearest}."
    ),
    "roster.bad-time-zone": Message(
        "{value} is not a time zone.",
        "Use a name of the IANA database, such as Europe/London.",
        "Did you mean {nearest}?",
    ),
    "roster.bad-hours": Message(
        "{value} cannot be read as opening hours.",
        "Use the OpenStreetMap form, such as Mo-Fr 09:00-17:00 or 24/7; leave it empty if unknown.",
    ),
    "roster.sun-hours": Message(
        "{value} depends on the sun, but a contact point has no coordinates.",
        "Write clock times, such as Mo-Fr 08:00-18:00.",
    ),
    "roster.bad-holidays": Message(
        "{value} is not a holiday calendar.",
        "Use a country or subdivision, such as US or GB-SCT; leave it empty for none.",
        "Did you mean {nearest}?",
    ),
    "roster.bad-duration": Message(
        "{value} is not a duration.",
        "Use ISO 8601 with weeks, days, hours or minutes, more than zero, such as P5D or PT4H.",
    ),
    "roster.bad-time": Message(
        "{value} is not a time of day.", "Write hours and minutes, such as 08:30; separate several by semicolons."
    ),
    "roster.bad-emergency-number": Message("{value} is not a number to dial.", "Write digits only, such as 999."),
    # addresses
    "roster.no-address": Message(
        "A channel of kind {kind} needs an address.", "Fill in address, or take the channel out."
    ),
    "roster.no-via": Message(
        "A relay needs the contact point that passes it on.", "Fill in via with the id of that contact point."
    ),
    "roster.own-stand-in": Message(
        "{value} can't stand in for itself.", "Name another holder in stand_in, or leave it empty."
    ),
    "roster.own-diversion": Message("{value} can't be diverted to itself.", "Name another contact point in to."),
    "roster.escalation-owner": Message(
        "A rung belongs to one of task_force, pathway and contact_point; given: {given}.",
        "Fill in exactly one of them.",
    ),
    "roster.escalation-times": Message(
        "A rung is repeated {most} times at most, not {value}.", "Let the next rung follow instead."
    ),
    "roster.contingency-scope": Message(
        "A contingency is declared for one of place, task_force and organization; given: {given}.",
        "Fill in exactly one of them.",
    ),
    "roster.contingency-dates": Message(
        "A contingency needs {column}: it begins and ends on a day.", "Fill in {column}, as 2026-03-01."
    ),
    "roster.status-dates": Message(
        "An operational status needs {column}: it begins on a day, and is unknown again from another on.",
        "Fill in {column}, as 2026-03-01.",
    ),
    "roster.suspension": Message(
        "Who suspends a member says why, and who sees to its open cases: {column} is empty.",
        "Fill in reason, in a sentence for the members, and continuity with the contact point that senders turn to.",
    ),
    "roster.rota": Message(
        "A rota that turns has to begin on some day: rota_since is empty.", "Fill in rota_since, as 2026-03-02."
    ),
    "roster.community-consent": Message(
        "Whom a community trusts is listed only if they agreed: consented_on is empty.",
        "Fill in consented_on with the day on which they did.",
    ),
    "roster.community-public": Message(
        "A contact of a community is public only if they agreed to that too.",
        "Write no into public, or fill in public_consent_on with the day on which they did.",
    ),
    "roster.guidance-role": Message(
        "The role {value} is one in a task force, and task_force is empty.", "Fill in task_force, or empty role."
    ),
    "roster.another-service": Message(
        "{value} is a service of {other}, not of {owner}.", "Name a service of {owner}, or leave service empty."
    ),
    "roster.diversion-abroad": Message(
        "{value} belongs to {other}, not to {owner}: another organization would come to see the referrals.",
        "Divert to a contact point of {owner}; to hand work to another organization, pass it on step by step.",
    ),
    "roster.bad-phone": Message(
        "{value} is not a phone number that can exist.", "Check the digits; write it with + and the country code."
    ),
    "roster.phone-country": Message(
        "{value} is a national number, and the roster does not tell of which country.",
        "Write it with + and the country code, such as +44.",
    ),
    "roster.phone-extension": Message(
        "{value} holds an extension.", "Keep the number here and put the extension into note."
    ),
    "roster.bad-email": Message(
        "{value} is not an e-mail address.", "Write the bare address, such as desk@example.org."
    ),
    "roster.bad-url": Message("{value} is not a web address.", "Write the whole address, beginning with https://."),
    "roster.insecure-url": Message(
        "{value} does not begin with https.", "Give the https address: a form carries case data."
    ),
    "roster.bad-messenger": Message(
        "{value} is not an address of a messenger.",
        "Write a phone number with +, a handle or an https address, without spaces.",
    ),
    # rows together
    "roster.unknown-reference": Message(
        "There is no row {value} in {sheet}.",
        "Add it to {sheet}, or correct the id.",
        "Did you mean {nearest}? Otherwise add it to {sheet}.",
    ),
    "roster.cycle": Message("{column} goes round in a circle: {circle}.", "Break the circle in one of these rows."),
    "roster.pathway-source": Message(
        "A pathway starts from exactly one of from_organization, from_kind and from_role; here: {given}.",
        "Fill in one of the three and clear the others.",
    ),
    "roster.pathway-task-force": Message(
        "from_role needs the task force in which the role is held.", "Fill in task_force."
    ),
    "roster.changes-hands": Message(
        "This contact point belongs to {owner}: with another organization its referrals would change hands.",
        "End it with until, and add one with another id for {value}.",
    ),
    "roster.open-work": Message(
        "This would leave {count} open referral steps at {desk} to nobody.",
        "See them and say who takes them: {command} --dry-run; then import again.",
    ),
    "roster.two-primaries": Message(
        "{contact_point} has another primary holder at the same time (row {first}).",
        "End one of the two with until, or make one a deputy.",
    ),
    "roster.same-address": Message(
        "{contact_point} has the same address in row {first}.", "Keep one of the two, or end one with until."
    ),
}
