"""Written cases of finding a contact: who asks for whom and where, and which answer is right.

The answers were worked out by hand from the rosters (the region that is made up for this, and the real example) and
from the rules of docs/how-it-works.md, not taken from what the program said. Where the two disagree, one of them is
wrong: change a case only with a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from relaypoint.domain.answer import Candidate, Excluded
from relaypoint.domain.clock import fixed_clock
from relaypoint.domain.criteria import CRITERIA
from relaypoint.domain.errors import Invalid, NotFound, Problem
from relaypoint.domain.picturing import picture_of
from relaypoint.domain.plan import Item
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Store, open_store
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.finding import Answer, find
from relaypoint.resolvers.known import Memory
from relaypoint.resolvers.needs import NeedInput
from relaypoint.resolvers.roster import import_roster
from relaypoint.resolvers.sending import refer
from relaypoint.resolvers.tables import read_tables
from relaypoint.resolvers.vault import Vault
from relaypoint.tests.helpers import EXAMPLE, ROOT, remarked

REGION = ROOT / "tests" / "region"

#: In the region a Tuesday, by day and at night. Its desks keep the time of Reykjavik, of Oslo (one hour later) and of
#: Beirut (two hours later).
DAY = "2026-03-03T10:00:00.000Z"
NOON = "2026-03-03T11:00:00.000Z"
NIGHT = "2026-03-03T01:30:00.000Z"

#: In the example a Monday, late in the evening.
LATE = "2026-11-23T23:30:00.000Z"


@dataclass(frozen=True)
class Case:
    """One search and its right answer. Words that belong together stand in one text, with blanks between them.

    ``fits`` are all that can take the first need, in their order, each as "service @ contact point". ``out`` has the
    services ruled out that matter, each with the codes of its reasons; ``nearest`` and ``last`` are the ends of their
    list. ``says`` has words that the texts about a service or a contact point contain: why it stands where it stands,
    what to make sure of, what would let it in.

    Of the first candidate, ``through`` are the pathways to it and ``alternatives`` other ways; ``gate`` is the desk
    to ask first, ``diverted`` the one that answers instead, ``by`` the channels that may be used.

    ``plan`` has all needs in their order, ``more`` the further ones, as ``fits``. ``coordinators`` and ``hotline`` are
    contact points. ``never`` are words that stand nowhere in the answer. What is None is not looked at, but for
    ``abroad``, the country where it is another one.
    """

    name: str
    asker: str
    what: str
    where: str
    who: str = ""
    languages: str = ""
    priority: str = "routine"
    confidentiality: str = "official"
    avoid: str = ""
    near: bool = False
    consent: str | None = None
    at: str = ""
    fits: Sequence[str] = ()
    out: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    through: str | None = None
    alternatives: Sequence[str] | None = None
    gate: str | None = None
    by: str | None = None
    diverted: str | None = None
    nearest: str | None = None
    last: str | None = None
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plan: str | None = None
    together: Mapping[str, str] | None = None
    coordinators: str | None = None
    hotline: str | None = None
    abroad: str | None = None
    never: Sequence[str] = ()
    #: Why the program is known to answer otherwise.
    amiss: str = ""

    def need(self) -> NeedInput:
        service, *also = self.what.split()
        return NeedInput(
            from_organization=self.asker,
            service=service,
            place=self.where,
            also=tuple(also),
            languages=tuple(self.languages.split()),
            priority=self.priority,
            confidentiality=self.confidentiality,
            tags=tuple(self.who.split()),
            avoid=tuple(self.avoid.split()),
            near=self.near,
            consent=None if self.consent is None else tuple(self.consent.split()),
        )


# The tables are laid out by hand: what is asked in the first lines, then the answer.
# fmt: off

OF_THE_REGION = [

    # Who the person is

    Case("a girl goes to the children's home, and what a child's case needs is beside it",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "child female",
         fits=["aq-child-protection-home @ aq-child-protection-desk"],
         out={"aq-women-shelter-beds": "eligibility", "aq-victim-unit-rooms": "eligibility",
              "aq-harbour-house-beds": "eligibility", "aq-men-shelter-beds": "eligibility"},
         says={"aq-men-shelter-beds": ["only for: adult", "only for: male"],
               "aq-child-protection-duty": ["made for this case in age; open to anyone in sex"]},
         plan="emergency-shelter child-protection formal-identification guardianship",
         more={"child-protection": ["aq-child-protection-duty @ aq-child-protection-desk"],
               "formal-identification": ["aq-identification @ aq-authority-desk"],
               "guardianship": ["aq-guardians-appointment @ aq-guardians-desk"]},
         together={"aq-child-protection": "emergency-shelter child-protection"}, coordinators="",
         never=["consent"]),
    Case("a person of unknown age is treated as a child",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "age-unknown",
         fits=["aq-child-protection-home @ aq-child-protection-desk"],
         out={"aq-women-shelter-beds": "eligibility", "aq-men-shelter-beds": "eligibility",
              "aq-victim-unit-rooms": "eligibility", "aq-harbour-house-beds": "eligibility"},
         plan="emergency-shelter child-protection formal-identification guardianship"),
    Case("a child is protected on the isles too, and what was asked for is not added once more",
         "aq-helpline", "child-protection", "AQ-ISLES-LANTERN", "age-unknown",
         fits=["aq-child-protection-duty @ aq-child-protection-desk"],
         says={"aq-child-protection-duty": ["covers Aquavelle", "made for this case"]},
         plan="child-protection formal-identification guardianship"),
    Case("for a child the children's desk goes before the desk for everybody",
         "aq-helpline", "legal-aid", "AQ-NORTH", "child",
         fits=["aq-legal-aid-cases @ aq-legal-aid-youth-desk", "aq-legal-aid-cases @ aq-legal-aid-desk"],
         out={"aq-harbour-house-lawyers": "place eligibility"},
         says={"aq-legal-aid-desk": ["after Children's desk of Aquavelle Legal Aid by closeness of fit: to be",
                                     "whether it takes a child: see for whom it is"]}),
    Case("a woman who was sexually exploited: what is made for all that goes before what is made for part of it",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult female sexual",
         fits=["aq-women-shelter-beds @ aq-women-shelter-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk",
               "aq-victim-unit-rooms @ aq-victim-unit-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         out={"aq-men-shelter-beds": "eligibility", "aq-child-protection-home": "eligibility",
              "aq-old-refuge-beds": "organization-ended"},
         says={"aq-victim-unit-rooms": ["by closeness of fit", "in age, sex; open to anyone in kind of exploitation"],
               "aq-harbour-house-beds": ["after Aquavelle Victim Support Unit by closeness of fit"]}),
    Case("nobody said how she was exploited: the shelter that has to ask comes last",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult female",
         fits=["aq-victim-unit-rooms @ aq-victim-unit-desk", "aq-harbour-house-beds @ aq-harbour-house-desk",
               "aq-women-shelter-beds @ aq-women-shelter-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk"],
         says={"aq-women-shelter-desk": ["after Harbour House Saltcoast by closeness of fit",
                                         "only for sexual exploitation or domestic servitude or forced marriage: "
                                         "ask, since the case does not say it"]}),
    Case("a woman who fears the police is not sent to a part of it, whatever that part is called",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult female sexual", avoid="police",
         fits=["aq-women-shelter-beds @ aq-women-shelter-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk",
               "aq-harbour-house-beds @ aq-harbour-house-desk"],
         out={"aq-victim-unit-rooms": "avoided", "aq-men-shelter-beds": "eligibility"},
         last="aq-victim-unit-rooms"),
    Case("a man in forced labour in the north has one shelter, and the coast is too far",
         "aq-helpline", "emergency-shelter", "AQ-NORTH-PINEGATE", "adult male labour",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk"],
         out={"aq-child-protection-home": "eligibility", "aq-harbour-house-beds": "place",
              "aq-victim-unit-rooms": "place eligibility", "aq-women-shelter-beds": "place eligibility",
              "aq-old-refuge-beds": "organization-ended place"},
         nearest="aq-child-protection-home"),
    Case("on the coast he has a second one, which is for anyone",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult male labour",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         says={"aq-harbour-house-beds": ["after Aquavelle Men's Shelter by closeness of fit"]}),
    Case("who needs an accessible bed hears where it is not stated, and nobody is ruled out by it",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult male accessible",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         says={"aq-harbour-house-beds": ["whether it is accessible: it does not say"]}),
    Case("a seafarer: a tag of the task force's own counts like any other",
         "hm-police", "emergency-shelter", "HM-HARBOUR-PEARL", "adult male seafarer",
         fits=["hm-men-shelter-night @ hm-men-shelter-desk", "hm-men-shelter-seafarers @ hm-men-shelter-desk"],
         out={"hm-women-shelter-beds": "eligibility", "hm-community-beds": "suspended place"},
         says={"hm-men-shelter-night": ["made for this case in age, sex; open to anyone in a tag of the task force"],
               "hm-men-shelter-seafarers": ["in age, a tag of the task force; open to anyone in sex",
                                            "equal to Night places for men of Hemeria Seafarers' and Men's Rest "
                                            "in every criterion: look where, and for whom", "Crew without a ship"]}),
    Case("a man who is no seafarer, as far as is known, is asked before he gets a seafarer's room",
         "hm-police", "emergency-shelter", "HM-HARBOUR-PEARL", "adult male",
         fits=["hm-men-shelter-night @ hm-men-shelter-desk", "hm-men-shelter-seafarers @ hm-men-shelter-desk"],
         says={"hm-men-shelter-seafarers": ["only for seafarer: ask, since the case does not say it",
                                            "by closeness of fit"]}),

    # Capacity, hours, channels

    Case("the women's shelter is full: its night places, a narrower kind of shelter, are what is left",
         "bv-police", "emergency-shelter", "BV-CAPITAL-ZOROGRAD", "adult female",
         fits=["bv-women-shelter-night @ bv-women-shelter-desk"],
         out={"bv-women-shelter-beds": "full", "bv-men-shelter-beds": "eligibility", "bv-open-door-beds": "place"},
         says={"bv-women-shelter-beds": ["Ask again when a place is free"], "bv-women-shelter-night": ["limited"]}),
    Case("in the west there are no night places: nobody, and the coordinator is named",
         "bv-police", "emergency-shelter", "BV-WEST-LIPOHRAD", "adult female",
         out={"bv-women-shelter-beds": "full", "bv-men-shelter-beds": "eligibility", "bv-open-door-beds": "place",
              "bv-women-shelter-night": "place"},
         coordinators="bv-coordination-desk"),
    Case("a coordinator whom the case avoids is not named: the deputy is",
         "bv-legal-aid", "emergency-shelter", "BV-WEST-LIPOHRAD", "adult female", avoid="police",
         out={"bv-women-shelter-beds": "full"}, coordinators="bv-labour-desk", hotline=""),
    Case("an emergency at night: whoever can be reached goes before the desk that opens in the morning",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult female sexual", priority="stat", at=NIGHT,
         fits=["aq-women-shelter-beds @ aq-women-shelter-night-desk", "aq-victim-unit-rooms @ aq-victim-unit-desk",
               "aq-harbour-house-beds @ aq-harbour-house-desk", "aq-women-shelter-beds @ aq-women-shelter-desk"],
         says={"aq-women-shelter-desk": ["after Harbour House Saltcoast by reachability: closed now", "1 hour"]}),
    Case("an emergency at night, a man: the house that is open goes before the shelter that is made for him",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult male labour", priority="stat", at=NIGHT,
         fits=["aq-harbour-house-beds @ aq-harbour-house-desk", "aq-men-shelter-beds @ aq-men-shelter-desk"],
         says={"aq-men-shelter-desk": ["by reachability"]}),
    Case("no emergency: at night the shelter that is open goes first all the same, since the routes are alike",
         "aq-helpline", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult male labour", at=NIGHT,
         fits=["aq-harbour-house-beds @ aq-harbour-house-desk", "aq-men-shelter-beds @ aq-men-shelter-desk"]),
    Case("beds that are open at night only",
         "hm-legal-aid", "night-shelter", "HM-HARBOUR-SAFFRON", "adult male", priority="stat", at=NIGHT,
         fits=["hm-men-shelter-night @ hm-men-shelter-desk"],
         says={"hm-men-shelter-desk": ["a channel is open now"]}, hotline="hm-legal-aid-line-desk"),
    Case("the same beds by day: closed now, and still the only ones",
         "hm-legal-aid", "night-shelter", "HM-HARBOUR-SAFFRON", "adult male",
         fits=["hm-men-shelter-night @ hm-men-shelter-desk"], says={"hm-men-shelter-desk": ["closed now"]}),
    Case("the phone of a desk is on duty when the desk is not, and nobody stands in for who holds it",
         "bv-legal-aid", "child-protection", "BV-EAST", "child", priority="stat", at=NIGHT,
         fits=["bv-child-protection-duty @ bv-child-protection-desk"],
         says={"bv-child-protection-duty": ["a channel is open now", "nobody stands in"]},
         by="bv-child-protection-phone bv-child-protection-mail"),
    Case("no channel of the hospital is safe enough for a strict case",
         "aq-helpline", "medical-help", "AQ-COAST-SALTMOUTH", "adult", confidentiality="strict",
         out={"aq-hospital-emergency": "channel-assurance", "aq-hospital-women-clinic": "closed channel-assurance"},
         says={"aq-hospital-emergency": ["safe enough for this case: strict",
                                         "It fits if 'confidential' is safe enough for this case."]},
         nearest="aq-hospital-emergency", coordinators="aq-coordination-desk aq-harbour-house-desk"),
    Case("channels that everybody may read are not enough for an ordinary case",
         "bv-police", "medical-help", "BV-CAPITAL-ZOROGRAD", "adult",
         out={"bv-clinic-care": "channel-assurance"},
         says={"bv-clinic-care": ["It fits if 'public' is safe enough for this case."]}),
    Case("but for one where nothing is confidential",
         "bv-police", "medical-help", "BV-CAPITAL-ZOROGRAD", "adult", confidentiality="public",
         fits=["bv-clinic-care @ bv-clinic-desk"]),
    Case("a channel is as safe as the task force says, whatever its owner claims",
         "hm-legal-aid", "formal-identification", "HM", "adult", confidentiality="confidential",
         fits=["hm-identification @ hm-authority-desk"], through="hm-cso-police hm-police-board", gate="hm-police-desk",
         out={"hm-immigration-identification": "channel-assurance"},
         says={"hm-immigration-identification": ["It fits if 'official' is safe enough for this case."],
               "hm-identification": ["through Hemeria Police", "informed consent", "15 working days"]},
         by="hm-police-phone"),
    Case("a dead phone, and a mailbox that works",
         "bv-legal-aid", "guardianship", "BV", "child", fits=["bv-guardians-appointment @ bv-guardians-desk"],
         by="bv-guardians-secure-mail"),
    Case("a dead phone, and nothing else",
         "hm-police", "guardianship", "HM", "child", out={"hm-guardians-appointment": "no-working-channel"},
         more={"child-protection": ["hm-child-protection-duty @ hm-child-protection-desk"]},
         coordinators="hm-coordination-desk"),
    Case("the hotline is the police's: it is left out, and so is the circle that only the hotline reaches",
         "bv-legal-aid", "advice", "BV-WEST-LIPOHRAD", languages="uk", avoid="police",
         fits=["bv-labour-advice @ bv-labour-desk"],
         out={"bv-community-advice": "no-working-channel", "bv-police-hotline-advice": "avoided"},
         says={"bv-labour-advice": ["not known whether Ukrainian is spoken", "from a distance",
                                    "only for labour exploitation or forced begging: ask"]},
         last="bv-police-hotline-advice", hotline=""),

    # Who is there

    Case("the one who held the desk has left, and a deputy is there",
         "bv-community", "emergency-shelter", "BV-WEST-LIPOHRAD", "adult male",
         fits=["bv-men-shelter-beds @ bv-men-shelter-desk"],
         out={"bv-women-shelter-beds": "eligibility full", "bv-open-door-beds": "place"},
         says={"bv-men-shelter-desk": ["a deputy holds it", "asked directly"]}),
    Case("the one who holds the desk is away, and somebody stands in",
         "aq-helpline", "legal-aid", "AQ-COAST-SALTMOUTH", "adult male",
         fits=["aq-harbour-house-lawyers @ aq-harbour-house-desk", "aq-legal-aid-cases @ aq-legal-aid-desk"],
         says={"aq-harbour-house-lawyers": ["somebody stands in"], "aq-legal-aid-cases": ["by closeness of fit"]}),
    Case("a holder is avoided: the own desk and the one where she stands in are out",
         "aq-helpline", "emergency-shelter", "AQ-COAST-TERNBRIDGE", "adult female", avoid="aq-women-shelter-lead",
         fits=["aq-victim-unit-rooms @ aq-victim-unit-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk"],
         out={"aq-harbour-house-beds": "avoided"}, last="aq-harbour-house-beds",
         says={"aq-harbour-house-beds": ["Whoever answers at House desk is on the list of whom to avoid."]}),
    Case("a clinic that has closed for now, as it says itself",
         "aq-helpline", "medical-help", "AQ-COAST-SALTMOUTH", "adult female",
         fits=["aq-hospital-emergency @ aq-hospital-desk"], out={"aq-hospital-women-clinic": "closed"},
         says={"aq-hospital-women-clinic": ["until 2026-03-10"]}),
    Case("what it said runs out, and it goes first",
         "aq-helpline", "medical-help", "AQ-COAST-SALTMOUTH", "adult female", at="2026-03-11T10:00:00.000Z",
         fits=["aq-hospital-women-clinic @ aq-hospital-desk", "aq-hospital-emergency @ aq-hospital-desk"],
         says={"aq-hospital-emergency": ["after Clinic for women of Northmark General Hospital by closeness of fit"]}),
    Case("a flood: the night desk answers for the house, by the channel that is kept for such times",
         "hm-legal-aid", "emergency-shelter", "HM-HARBOUR-SAFFRON", "adult female", confidentiality="strict",
         fits=["hm-women-shelter-beds @ hm-women-shelter-desk", "hm-women-shelter-beds @ hm-women-shelter-night-desk"],
         out={"hm-men-shelter-night": "eligibility channel-assurance"},
         diverted="hm-women-shelter-night-desk", by="hm-women-shelter-night-secure-mail"),
    Case("the flood is over: the house answers itself, and the night desk has nothing that is safe enough",
         "hm-legal-aid", "emergency-shelter", "HM-HARBOUR-SAFFRON", "adult female", confidentiality="strict",
         at="2026-03-16T10:00:00.000Z", fits=["hm-women-shelter-beds @ hm-women-shelter-desk"],
         by="hm-women-shelter-secure-mail"),
    Case("whoever avoids the night desk can't be sent to the house while it answers there",
         "hm-legal-aid", "emergency-shelter", "HM-HARBOUR-SAFFRON", "adult female", confidentiality="strict",
         avoid="hm-women-shelter-night-desk", out={"hm-women-shelter-beds": "avoided"}, last="hm-women-shelter-beds",
         coordinators="hm-coordination-desk hm-hospital-desk"),
    Case("a suspended body can't refer, and its own beds are out",
         "hm-community", "emergency-shelter", "HM-INLAND-CEDARWELL", "adult female",
         fits=["hm-women-shelter-beds @ hm-women-shelter-desk", "hm-women-shelter-beds @ hm-women-shelter-night-desk"],
         out={"hm-community-beds": "suspended"}, notes=["is suspended and can't send referrals"],
         more={"formal-identification": []}, coordinators=""),
    Case("a body whose membership is suspended is no first responder: it asks directly",
         "bv-open-door", "emergency-shelter", "BV-EAST-SNEGOMIR", "adult male",
         fits=["bv-open-door-beds @ bv-open-door-desk", "bv-men-shelter-beds @ bv-men-shelter-desk"],
         says={"bv-open-door-beds": ["your own organization"],
               "bv-men-shelter-beds": ["by the way to it: asked directly"]},
         more={"formal-identification": []}),

    # Places and languages

    Case("an agreed pathway goes before the house that is nearer; a suspended membership is told",
         "bv-legal-aid", "emergency-shelter", "BV-EAST-SNEGOMIR", "adult male labour",
         fits=["bv-men-shelter-beds @ bv-men-shelter-desk", "bv-open-door-beds @ bv-open-door-desk"],
         through="bv-responders-men-shelter", out={"bv-women-shelter-beds": "eligibility full"},
         says={"bv-men-shelter-beds": ["a deputy holds it", "1 working day"],
               "bv-open-door-beds": ["after Borvania Men's Shelter by the way to it",
                                     "membership of Borvania National Task Force is suspended"]}),
    Case("the same, with the place as people there write it",
         "bv-legal-aid", "emergency-shelter", "Снегомир", "adult male labour",
         fits=["bv-men-shelter-beds @ bv-men-shelter-desk", "bv-open-door-beds @ bv-open-door-desk"]),
    Case("a town that was abolished: its successors are named, and the search goes on in what it lay in",
         "bv-legal-aid", "emergency-shelter", "BV-EAST-STARAZORIA", "adult female",
         fits=["bv-open-door-beds @ bv-open-door-desk"], out={"bv-women-shelter-beds": "full"},
         notes=["Stara Zoria ended on 2025-01-01", "Belokray (BV-EAST-BELOKRAY)", "Snegomir (BV-EAST-SNEGOMIR)"]),
    Case("a town that ends next month is still there",
         "hm-police", "emergency-shelter", "HM-INLAND-DUSTHOLLOW", "female",
         fits=["hm-women-shelter-beds @ hm-women-shelter-desk", "hm-women-shelter-beds @ hm-women-shelter-night-desk"],
         says={"hm-women-shelter-desk": ["only for adult: ask"]}, never=["ended on"]),
    Case("a refuge that has ended names its successor",
         "aq-helpline", "emergency-shelter", "AQ-COAST-OLDMOLE", "adult male",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         out={"aq-old-refuge-beds": "organization-ended"}, notes=["Old Mole ended on 2024-01-01 and is Saltmouth now"],
         says={"aq-old-refuge-beds": ["Turn to its successor: Harbour House Saltcoast"]}),
    Case("nothing for her in the north",
         "aq-helpline", "emergency-shelter", "AQ-NORTH", "adult female sexual",
         out={"aq-women-shelter-beds": "place", "aq-men-shelter-beds": "eligibility", "aq-victim-unit-rooms": "place"},
         says={"aq-women-shelter-beds": ["It fits if the person can get to: Farskerry Isles or Saltcoast."]},
         coordinators="aq-coordination-desk aq-hospital-desk"),
    Case("near it will do: the coast's shelters come in, and whoever asks is reminded of the way",
         "aq-helpline", "emergency-shelter", "AQ-NORTH", "adult female sexual", near=True,
         fits=["aq-women-shelter-beds @ aq-women-shelter-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk",
               "aq-victim-unit-rooms @ aq-victim-unit-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         out={"aq-old-refuge-beds": "organization-ended"},
         says={"aq-women-shelter-beds": ["near Northmark, not in it: can the person get there?"]}),
    Case("near is the next larger place, and no more: from a village that is the region",
         "aq-helpline", "emergency-shelter", "AQ-NORTH-PINEGATE", "adult female sexual", near=True,
         out={"aq-women-shelter-beds": "place"}),
    Case("a language through interpretation only; who works without is out",
         "aq-helpline", "legal-aid", "AQ-COAST-SALTMOUTH", "adult female", languages="ti",
         fits=["aq-legal-aid-cases @ aq-legal-aid-desk"], out={"aq-harbour-house-lawyers": "language"},
         says={"aq-legal-aid-cases": ["through interpretation"],
               "aq-harbour-house-lawyers": ["if English or French or Vietnamese were enough"]}),
    Case("a language that the desk speaks, though the service does not name it",
         "aq-helpline", "legal-aid", "AQ-COAST-SALTMOUTH", "adult female", languages="Vietnamese",
         fits=["aq-harbour-house-lawyers @ aq-harbour-house-desk", "aq-legal-aid-cases @ aq-legal-aid-desk"],
         says={"aq-harbour-house-lawyers": ["speaks Vietnamese"]}),
    Case("a language that nobody there speaks or interprets",
         "bv-police", "legal-aid", "BV-CAPITAL-ZOROGRAD", "adult", languages="vi",
         out={"bv-legal-aid-cases": "language"}, says={"bv-legal-aid-cases": ["if Serbian (Cyrillic) were enough"]},
         coordinators="bv-coordination-desk"),
    Case("of several languages one is enough, in whichever script",
         "bv-police", "legal-aid", "BV-CAPITAL-ZOROGRAD", "adult", languages="vi sr-Latn",
         fits=["bv-legal-aid-cases @ bv-legal-aid-desk"], says={"bv-legal-aid-cases": ["speaks Serbian"]}),
    Case("a person who has moved to another country: shown, and nothing goes there by itself",
         "aq-women-shelter", "emergency-shelter", "BV-CAPITAL-ZOROGRAD", "adult female",
         fits=["bv-women-shelter-night @ bv-women-shelter-desk"], abroad="BV", hotline="bv-police-hotline-desk",
         out={"bv-women-shelter-beds": "full"},
         says={"bv-women-shelter-night": ["another country, Borvania", "consent", "risk"]},
         more={"formal-identification": []}),
    Case("the other country's pathways are not for those who are no members there, of whatever kind they are",
         "aq-women-shelter", "formal-identification", "BV-WEST", "adult female", abroad="BV",
         out={"bv-identification": "no-pathway"}, coordinators="bv-coordination-desk"),

    # Several needs, consent

    Case("two needs, one body for both",
         "aq-helpline", "emergency-shelter legal-aid", "AQ-COAST-SALTMOUTH", "adult male",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         plan="emergency-shelter legal-aid formal-identification",
         more={"legal-aid": ["aq-harbour-house-lawyers @ aq-harbour-house-desk",
                             "aq-legal-aid-cases @ aq-legal-aid-desk"]},
         together={"aq-harbour-house": "emergency-shelter legal-aid"}),
    Case("the same two for a child: two bodies, and protection by the one that has the home",
         "aq-helpline", "emergency-shelter legal-aid", "AQ-COAST-SALTMOUTH", "child",
         fits=["aq-child-protection-home @ aq-child-protection-desk"],
         plan="emergency-shelter legal-aid child-protection formal-identification guardianship",
         more={"legal-aid": ["aq-legal-aid-cases @ aq-legal-aid-youth-desk", "aq-legal-aid-cases @ aq-legal-aid-desk"]},
         together={"aq-child-protection": "emergency-shelter child-protection"}),
    Case("he does not agree to the formal decision: shelter goes on",
         "aq-helpline", "emergency-shelter formal-identification", "AQ-COAST-SALTMOUTH", "adult male", consent="",
         fits=["aq-men-shelter-beds @ aq-men-shelter-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         more={"formal-identification": []},
         says={"aq-identification": ["has not agreed", "once the person agrees", "does not depend on it"]}),
    Case("an adult who agrees is not asked once more",
         "aq-helpline", "formal-identification", "AQ-COAST-SALTMOUTH", "adult", consent="formal-identification",
         fits=["aq-identification @ aq-authority-desk"], through="aq-responders-identification", never=["consent"],
         says={"aq-identification": ["the official form is the referral", "5 working days"]}),
    Case("who agreed to something else has not agreed to this",
         "aq-helpline", "formal-identification", "AQ-COAST-SALTMOUTH", "adult", consent="return-assistance",
         out={"aq-identification": "consent"}),
    Case("a child is referred without",
         "aq-helpline", "formal-identification", "AQ-COAST-SALTMOUTH", "child", consent="",
         fits=["aq-identification @ aq-authority-desk"], never=["consent"]),
    Case("she does not agree, and the way has two steps: nobody is to be asked to go round her",
         "bv-legal-aid", "formal-identification", "BV", "adult", consent="",
         out={"bv-identification": "consent"}, says={"bv-identification": ["has not agreed", "once the person agrees"]},
         never=["olice", "Ask somebody who may refer"]),

    # Routes

    Case("an agreement for part of the country: there by the pathway",
         "hm-hospital", "emergency-shelter", "HM-HARBOUR-SAFFRON", "adult female", through="hm-hospital-women-shelter",
         fits=["hm-women-shelter-beds @ hm-women-shelter-desk", "hm-women-shelter-beds @ hm-women-shelter-night-desk",
               "hm-men-shelter-seafarers @ hm-men-shelter-desk"],
         says={"hm-women-shelter-beds": ["agreed pathway"], "hm-men-shelter-seafarers": ["seafarer: ask"]}),
    Case("elsewhere help is asked for directly: no pathway is needed for it",
         "hm-hospital", "emergency-shelter", "HM-INLAND-CEDARWELL", "adult female", through="",
         fits=["hm-women-shelter-beds @ hm-women-shelter-desk", "hm-women-shelter-beds @ hm-women-shelter-night-desk"],
         says={"hm-women-shelter-beds": ["asked directly"]}),
    Case("the police's own agreement goes before all that is asked directly",
         "aq-police", "emergency-shelter", "AQ-COAST-SALTMOUTH", "adult female", through="aq-police-women-shelter",
         fits=["aq-women-shelter-beds @ aq-women-shelter-desk", "aq-women-shelter-beds @ aq-women-shelter-night-desk",
               "aq-victim-unit-rooms @ aq-victim-unit-desk", "aq-harbour-house-beds @ aq-harbour-house-desk"],
         says={"aq-victim-unit-rooms": ["by the way to it: asked directly; there: agreed pathway"]}),
    Case("a pathway that has run out says so",
         "bv-clinic", "formal-identification", "BV-CAPITAL", "adult", out={"bv-identification": "pathway-expired"},
         coordinators="bv-coordination-desk"),
    Case("a pathway for one region, in that region",
         "bv-child-protection", "formal-identification", "BV-EAST", "child",
         fits=["bv-identification @ bv-authority-desk"], through="bv-child-protection-identification",
         says={"bv-identification": ["3 working days"]}),
    Case("and in another",
         "bv-child-protection", "formal-identification", "BV-WEST", "child",
         out={"bv-identification": "pathway-elsewhere"}, says={"bv-identification": ["does not cover Western Plain"]}),
    Case("one step goes before two",
         "hm-legal-aid", "formal-identification", "HM", "adult",
         fits=["hm-immigration-identification @ hm-immigration-authority-desk",
               "hm-identification @ hm-authority-desk"],
         says={"hm-identification": ["by the way to it: through Hemeria Police", "15 working days"],
               "hm-immigration-identification": ["30 working days"]}),
    Case("the gateway is avoided, and the advice does not name it",
         "hm-legal-aid", "formal-identification", "HM", "adult", avoid="police",
         fits=["hm-immigration-identification @ hm-immigration-authority-desk"],
         out={"hm-identification": "no-pathway"},
         says={"hm-identification": ["goes through somebody whom the case avoids",
                                     "Ask somebody who may refer to it: "
                                     "any labour-inspectorate of Hemeria National Task Force "
                                     "but whom the case avoids."]},
         never=["olice"]),
    Case("an authority is avoided by the kind of the body that it is part of",
         "hm-legal-aid", "formal-identification", "HM", "adult", avoid="immigration",
         fits=["hm-identification @ hm-authority-desk"], out={"hm-immigration-identification": "avoided"}),
    Case("both are avoided: nobody, and the coordinator is left",
         "hm-legal-aid", "formal-identification", "HM", "adult", avoid="immigration police",
         out={"hm-identification": "no-pathway", "hm-immigration-identification": "avoided"},
         nearest="hm-identification", last="hm-immigration-identification", coordinators="hm-coordination-desk"),
    Case("a gateway that is a first responder: its role leads on, and its desk is shown",
         "aq-men-shelter", "formal-identification", "AQ", "adult male",
         fits=["aq-identification @ aq-authority-desk"], gate="aq-labour-desk",
         through="aq-men-shelter-labour aq-responders-identification",
         says={"aq-identification": ["through Aquavelle Labour Inspectorate", "7 working days",
                                     "Aquavelle Labour Inspectorate submits the official form: https://authority."]},
         by="aq-labour-phone aq-labour-mail"),
    Case("a confidential case does not pass a gateway that has no channel for it",
         "aq-men-shelter", "formal-identification", "AQ", "adult male", confidentiality="confidential",
         out={"aq-identification": "no-pathway"}, coordinators="aq-coordination-desk",
         says={"aq-identification": ["goes through Aquavelle Labour Inspectorate, "
                                     "where nobody can be asked by a channel that is safe enough"]}),
    Case("two ways to the same desk: the other one is shown beside the first",
         "bv-legal-aid", "formal-identification", "BV", "adult",
         fits=["bv-identification @ bv-authority-desk"], gate="bv-labour-desk",
         through="bv-cso-labour bv-labour-identification",
         alternatives=["bv-legal-aid-police bv-police-identification"],
         says={"bv-identification": ["10 working days", "informed consent"]}),
    Case("of two ways one is avoided: the other is left",
         "bv-legal-aid", "formal-identification", "BV", "adult", avoid="labour-inspectorate",
         fits=["bv-identification @ bv-authority-desk"], gate="bv-police-desk",
         through="bv-legal-aid-police bv-police-identification", alternatives=[]),
    Case("three steps, and the time to the end of them",
         "aq-community", "formal-identification", "AQ-COAST", "adult female",
         fits=["aq-identification @ aq-authority-desk"], gate="aq-women-shelter-desk",
         through="aq-community-women-shelter aq-women-shelter-legal-aid aq-legal-aid-identification",
         says={"aq-identification": ["through Aquavelle Women's Shelter, Aquavelle Legal Aid", "9 working days"]}),
    Case("at night the gateway is asked at its night desk",
         "aq-community", "formal-identification", "AQ-COAST", "adult female", priority="stat", at=NIGHT,
         fits=["aq-identification @ aq-authority-desk"], gate="aq-women-shelter-night-desk",
         says={"aq-identification": ["a channel is open now", "7 days, 1 hour"]}),
    Case("in an emergency whoever answers the phone now goes first, be it the gateway",
         "hm-legal-aid", "formal-identification", "HM", "adult", priority="stat", at=NIGHT,
         fits=["hm-identification @ hm-authority-desk",
               "hm-immigration-identification @ hm-immigration-authority-desk"],
         gate="hm-police-desk", says={"hm-immigration-identification": ["by reachability: closed now"]}),
    Case("the first of the three steps is agreed for the coast only",
         "aq-community", "formal-identification", "AQ-NORTH", "adult female", out={"aq-identification": "no-pathway"},
         says={"aq-identification": ["Ask somebody who may refer to it: Aquavelle Legal Aid, "
                                     "any first-responder of Aquavelle National Task Force."]}),
    Case("the second of them is avoided, and the advice does not name it",
         "aq-community", "formal-identification", "AQ-COAST", "adult female", avoid="aq-legal-aid",
         out={"aq-identification": "no-pathway"}, never=["Aquavelle Legal Aid"],
         says={"aq-identification": ["any first-responder of Aquavelle National Task Force"]}),
    Case("return only through the authority, for the authority itself",
         "aq-authority", "return-assistance", "AQ", "adult", fits=["int-return @ int-aq-desk"],
         through="aq-authority-return", says={"int-return": ["14 working days", "informed consent"]}),
    Case("for a first responder in two steps",
         "aq-helpline", "return-assistance", "AQ", "adult", fits=["int-return @ int-aq-desk"], gate="aq-authority-desk",
         through="aq-responders-return aq-authority-return", says={"int-return": ["24 working days"]}),
    Case("in Hemeria in three, at the office that is there",
         "hm-legal-aid", "return-assistance", "HM", "adult", fits=["int-return @ int-hm-desk"], gate="hm-police-desk",
         through="hm-cso-police hm-police-board hm-board-return", says={"int-return": ["29 working days"]}),
    Case("in Borvania nobody but the authority may ask",
         "bv-legal-aid", "return-assistance", "BV", "adult", out={"int-return": "no-pathway"},
         says={"int-return": ["Ask somebody who may refer to it: Borvania Identification Commission."]}),
    Case("the only gateway is avoided: nobody is named who could be asked",
         "aq-helpline", "return-assistance", "AQ", "adult", avoid="aq-authority",
         out={"int-return": "no-pathway"}, never=["Identification Authority", "who may refer"], coordinators="",
         says={"int-return": ["goes through somebody whom the case avoids"]}),
    Case("a task force lets its members ask each other directly",
         "aq-harbour-house", "return-assistance", "AQ-COAST", "adult", fits=["int-return @ int-aq-desk"], through="",
         says={"int-return": ["asked directly, as Saltcoast Task Force allows", "2 working days",
                              "the adult gives informed consent to it"]}, coordinators=""),
    Case("in an emergency they take no longer than is usual then, whatever they agreed",
         "aq-harbour-house", "return-assistance", "AQ-COAST", "adult", priority="stat", through="",
         fits=["int-return @ int-aq-desk"], says={"int-return": ["1 hour"]}),
    Case("and nobody who is not a member of it",
         "aq-men-shelter", "return-assistance", "AQ-COAST", "adult", out={"int-return": "no-pathway"}),
    Case("nor outside of where it works",
         "aq-harbour-house", "return-assistance", "AQ-NORTH", "adult", out={"int-return": "no-pathway"}),
    Case("nor against the person's will",
         "aq-harbour-house", "return-assistance", "AQ-COAST", "adult", consent="", out={"int-return": "consent"}),
    Case("who agreed is not asked once more there either",
         "aq-harbour-house", "return-assistance", "AQ-COAST", "adult", consent="return-assistance", through="",
         fits=["int-return @ int-aq-desk"], never=["consent"]),

    # An order that a task force has set

    Case("a task force sets fit before all: the inspectors come first, though they have closed for the day",
         "hm-police", "advice", "HM", "adult labour", at=NOON,
         fits=["hm-labour-advice @ hm-labour-desk", "hm-legal-aid-line-advice @ hm-legal-aid-line-desk"],
         says={"hm-legal-aid-line-advice": ["by closeness of fit"], "hm-labour-advice": ["closed now"]}),
    Case("the task force within it decides otherwise: reachable before all",
         "hm-hospital", "advice", "HM", "adult labour", at=NOON,
         fits=["hm-legal-aid-line-advice @ hm-legal-aid-line-desk", "hm-labour-advice @ hm-labour-desk"],
         says={"hm-labour-advice": ["by reachability: closed now"]}),
    Case("in an emergency reachable comes first, whatever was set",
         "hm-police", "advice", "HM", "adult labour", priority="stat", at=NOON,
         fits=["hm-legal-aid-line-advice @ hm-legal-aid-line-desk", "hm-labour-advice @ hm-labour-desk"],
         says={"hm-labour-advice": ["by reachability: closed now"]}),
]

OF_THE_EXAMPLE = [
    Case("a child in Wales has a guardian; the councils that protect it publish no contact",
         "migrant-help", "child-guardianship", "GB-WLS", "child",
         fits=["ictg-guardianship @ ictg-line"], through="nrm-guardianship",
         says={"ictg-guardianship": ["a channel is open now", "made for this case", "two thirds"],
               "child-protection-cardiff": ["No channel is known"], "ieca-identification": ["only for: adult"]},
         plan="child-guardianship child-protection formal-identification",
         more={"child-protection": [], "formal-identification": ["sca-identification @ sca-desk"]},
         never=["informed consent"]),
    Case("the same with the Welsh name of the place, and shelter for adults only",
         "barnardos", "emergency-support", "Caerdydd", "child", out={"salvation-army-emergency-support": "eligibility"},
         nearest="salvation-army-emergency-support", coordinators="",
         more={"child-guardianship": ["ictg-guardianship @ ictg-line"]}),
    Case("a person of unknown age in Kent: the council has no contact, the guardian and the decision go on",
         "police-kent", "child-protection", "Kent", "age-unknown", out={"child-protection-kent": "no-channel"},
         nearest="child-protection-kent",
         more={"child-guardianship": ["ictg-guardianship @ ictg-line"],
               "formal-identification": ["sca-identification @ sca-desk"]}),
    Case("no guardians in Scotland",
         "barnardos", "child-guardianship", "GB-SCT", "child", out={"ictg-guardianship": "place"},
         says={"ictg-guardianship": ["It does not cover Scotland."]}),
    Case("a woman who fears the police, in Glasgow: the line that is open goes before the desk of unknown hours",
         "kalayaan", "emergency-support", "Glasgow", "adult female sexual", avoid="police",
         fits=["tara-emergency-support @ tara-referral-line",
               "migrant-help-scotland-emergency-support @ migrant-help-scotland"],
         out={"salvation-army-emergency-support": "place", "womens-aid-ni-emergency-support": "place"},
         says={"migrant-help-scotland": ["by reachability: hours are not known; there: a channel is open now"]}),
    Case("a man in Scotland: what is only for women is the nearest miss",
         "police-scotland", "emergency-support", "GB-SCT", "adult male",
         fits=["migrant-help-scotland-emergency-support @ migrant-help-scotland"],
         out={"tara-emergency-support": "eligibility"}, nearest="tara-emergency-support"),
    Case("its own service, without a pathway",
         "migrant-help", "emergency-support", "GB-SCT", "adult male", through="",
         fits=["migrant-help-scotland-emergency-support @ migrant-help-scotland"],
         says={"migrant-help-scotland": ["this is your own organization"]}),
    Case("a man in forced labour in Belfast",
         "police-northern-ireland", "emergency-support", "Belfast", "adult male labour",
         fits=["migrant-help-ni-emergency-support @ migrant-help-northern-ireland"],
         through="nrm-support-ni-migrant-help", out={"womens-aid-ni-emergency-support": "eligibility"},
         says={"migrant-help-ni-emergency-support": ["covers Northern Ireland"]}),
    Case("a woman in forced labour there, who comes alone: no provider is published",
         "police-northern-ireland", "emergency-support", "GB-NIR", "adult female labour",
         out={"migrant-help-ni-emergency-support": "eligibility", "womens-aid-ni-emergency-support": "eligibility"},
         nearest="migrant-help-ni-emergency-support", coordinators=""),
    Case("a council that was abolished, by its name",
         "migrant-help", "advice-line", "Allerdale", "adult",
         fits=["modern-slavery-helpline-advice @ modern-slavery-helpline-line"],
         notes=["Allerdale ended on 2023-04-01 and is Cumberland now"]),
    Case("Wales by its other name; the roster says nothing of languages, and that is told",
         "kalayaan", "emergency-support", "Cymru", "adult", languages="Vietnamese",
         fits=["salvation-army-emergency-support @ salvation-army-referral-desk"],
         says={"salvation-army-emergency-support": ["not known whether Vietnamese is spoken"]}),
    Case("the whole country as the place: each of them covers part of it, and no pathway is for all of it",
         "kalayaan", "emergency-support", "GB", "adult male", through="",
         fits=["salvation-army-emergency-support @ salvation-army-referral-desk",
               "migrant-help-scotland-emergency-support @ migrant-help-scotland",
               "migrant-help-ni-emergency-support @ migrant-help-northern-ireland"],
         says={"salvation-army-emergency-support": ["covers only part of United Kingdom: name the place more closely"],
               "migrant-help-ni-emergency-support": ["after Scotland desk of Migrant Help",
                                                     "only for labour exploitation: ask"]}),
    Case("a charity that is no first responder can't ask for the decision, and learns who can",
         "modern-slavery-helpline", "formal-identification", "GB-ENG", "adult",
         out={"sca-identification": "no-pathway", "ieca-identification": "no-pathway"},
         says={"sca-identification": ["Ask somebody who may refer to it: "
                                      "any first-responder of UK National Referral Mechanism."]}, coordinators=""),
    Case("one that is a first responder",
         "kalayaan", "formal-identification", "GB-ENG", "adult", through="nrm-identification-sca",
         fits=["sca-identification @ sca-desk", "ieca-identification @ ieca-desk"],
         says={"sca-identification": ["the adult gives informed consent to it, after the procedure was explained",
                                      "https://www.modernslavery.gov.uk/start", "5 working days"],
               "ieca-identification": ["only for immigration-removal: ask", "by closeness of fit"]}),
    Case("for a person who faces removal the other authority goes first",
         "kalayaan", "formal-identification", "GB-ENG", "adult immigration-removal",
         fits=["ieca-identification @ ieca-desk", "sca-identification @ sca-desk"],
         says={"sca-identification": ["by closeness of fit: open to anyone"]}),
    Case("who fears the immigration service is not sent to its authority",
         "kalayaan", "formal-identification", "Glasgow", "adult female", avoid="immigration",
         fits=["sca-identification @ sca-desk"], out={"ieca-identification": "avoided"}, last="ieca-identification"),
    Case("no consent to the decision: support goes on",
         "kalayaan", "emergency-support formal-identification", "GB-ENG", "adult", consent="",
         fits=["salvation-army-emergency-support @ salvation-army-referral-desk"],
         more={"formal-identification": []}, says={"sca-identification": ["has not agreed"]}),
    Case("a confidential case goes by phone",
         "kalayaan", "emergency-support", "GB-WLS", "adult", confidentiality="confidential",
         fits=["salvation-army-emergency-support @ salvation-army-referral-desk"],
         by="salvation-army-phone"),
    Case("for a strict one no channel is published",
         "kalayaan", "emergency-support", "GB-WLS", "adult", confidentiality="strict",
         out={"salvation-army-emergency-support": "channel-assurance"}, nearest="salvation-army-emergency-support"),
    Case("two needs, and no body for both",
         "kalayaan", "emergency-support advice-line", "GB-WLS", "adult", together={},
         fits=["salvation-army-emergency-support @ salvation-army-referral-desk"],
         more={"advice-line": ["modern-slavery-helpline-advice @ modern-slavery-helpline-line"]},
         plan="emergency-support advice-line formal-identification"),
]

# fmt: on


class Asked:
    """A roster in a store of its own, at a moment unless a case names another. Each case is asked once."""

    def __init__(self, folder: Path, moment: str, url: str, auth: Mapping[str, str | None]) -> None:
        self.moment = moment
        self._runner = asyncio.Runner()
        self._vault = Vault(Vault.new_installation_key())
        self._memory, self._other_memory = Memory(), Memory()
        self._answers: dict[str, Answer] = {}
        self._store = self._runner.run(self._filled(folder, url, auth))

    async def _filled(self, folder: Path, url: str, auth: Mapping[str, str | None]) -> Store:
        store = await open_store(url, user=auth["user"], password=auth["password"])
        done = await import_roster(OPERATOR, Backend(store, fixed_clock(self.moment), self._vault), read_tables(folder))
        assert done.applied, done.errors
        return store

    def answer(self, case: Case) -> Answer:
        if case.name not in self._answers:
            self._answers[case.name] = self._ask(case, self._memory)
        return self._answers[case.name]

    def again(self, case: Case) -> Answer:
        """The same case, asked of somebody who remembers nothing of the first answer."""
        return self._ask(case, self._other_memory)

    def _ask(self, case: Case, memory: Memory) -> Answer:
        async def asked() -> Answer:
            return await find(OPERATOR, self._backend(case.at, memory), case.need())

        return self._runner.run(asked())

    def refused(self, case: Case, **send: Any) -> Problem:
        """Why it is not sent."""

        async def sent() -> None:
            await refer(OPERATOR, self._backend(case.at, self._memory), case.need(), **send)

        with pytest.raises(Problem) as refused:
            self._runner.run(sent())
        return refused.value

    def _backend(self, at: str, memory: Memory) -> Backend:
        return Backend(self._store, fixed_clock(at or self.moment), self._vault, memory=memory)

    def close(self) -> None:
        self._runner.run(self._store.close())
        self._runner.close()


@pytest.fixture(scope="module")
def rosters() -> Iterator[dict[str, Asked]]:
    """By engine, the roster that is in its store: a server has one database, so there is one at a time."""
    held: dict[str, Asked] = {}
    yield held
    for asked in held.values():
        asked.close()


@pytest.fixture
def region(engine: str, rosters: dict[str, Asked], request: pytest.FixtureRequest) -> Asked:
    return _asked(REGION, DAY, engine, rosters, request)


@pytest.fixture
def example(engine: str, rosters: dict[str, Asked], request: pytest.FixtureRequest) -> Asked:
    return _asked(EXAMPLE, LATE, engine, rosters, request)


def _asked(folder: Path, moment: str, engine: str, rosters: dict[str, Asked], request: pytest.FixtureRequest) -> Asked:
    """The roster, imported by the first test that asks for it. ``store_url`` is of an empty store each time, so it is
    asked for no oftener."""
    held = rosters.get(engine)
    if held is None or held.moment != moment:
        if held is not None:
            held.close()
        url, auth = request.getfixturevalue("store_url"), request.getfixturevalue("store_auth")
        held = rosters[engine] = Asked(folder, moment, url, auth)
    return held


def each(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """One test a case; those of which it is known that the program answers otherwise have to fail."""
    assert len({case.name for case in cases}) == len(cases)
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(
                case, id=case.name, marks=[pytest.mark.xfail(strict=True, reason=case.amiss)] if case.amiss else []
            )
            for case in cases
        ],
    )


@each(OF_THE_REGION)
def test_a_case_of_the_region_gets_the_right_answer(region: Asked, case: Case) -> None:
    compare(region.answer(case), case)


def test_answers_of_the_region_explain_themselves(region: Asked) -> None:
    for case in OF_THE_REGION:
        explains_itself(region.answer(case))
        assert region.again(case) == region.answer(case), case.name


def test_the_nearest_miss_of_the_region_stands_first(region: Asked) -> None:
    for case in OF_THE_REGION:
        nearest_first(region.answer(case))


def test_the_picture_tells_the_steps_of_the_time_that_the_answer_tells(region: Asked) -> None:
    answer = region.answer(_named("a gateway that is a first responder: its role leads on, and its desk is shown"))
    assert answer.finding.candidates[0].decided == "7 working days"
    assert [way.within for way in picture_of(answer.items).ways] == ["within 2 working days", "within 5 working days"]


def test_the_picture_tells_the_time_of_what_is_asked_directly(region: Asked) -> None:
    answer = region.answer(_named("a task force lets its members ask each other directly"))
    way = picture_of(answer.items).ways[0]
    assert (way.label, way.within) == ("asked directly", "within 2 working days")


def test_the_picture_tells_where_no_way_is_agreed(region: Asked) -> None:
    way = picture_of(region.answer(_named("and nobody who is not a member of it")).items).ways[0]
    assert (way.label, way.within) == ("no agreed way", "")
    assert way.broken


def test_the_picture_shows_the_nearest_misses(region: Asked) -> None:
    answer = region.answer(_named("in the west there are no night places: nobody, and the coordinator is named"))
    missed = [stop.name for stop in picture_of(answer.items).stops if stop.kind == "out"]
    assert "Borvania Women's Shelter: Referral desk" in missed


def test_nothing_is_sent_to_another_country_by_itself(region: Asked) -> None:
    case = _named("a person who has moved to another country: shown, and nothing goes there by itself")
    (candidate,) = region.answer(case).finding.candidates
    assert region.refused(case).message_id == "refer.abroad"
    to = {"to": candidate.contact_point.id}
    assert region.refused(case, **to).message_id == "refer.abroad"
    assert region.refused(case, **to, consent=True).message_id == "refer.abroad"


def test_a_slip_of_the_pen_is_never_taken_for_somebody_else(region: Asked) -> None:
    def refused(kind: type[Problem], case: Case) -> str:
        with pytest.raises(kind) as problem:
            region.answer(case)
        return f"{problem.value} {problem.value.remedy}"

    # Whom to avoid is given by an id: a name that is not quite right would avoid nobody.
    name = Case("a name", "bv-legal-aid", "emergency-shelter", "BV-EAST", avoid="Полиција")
    assert "bv-police" in refused(NotFound, name)
    place = Case("a misspelt place", "bv-legal-aid", "emergency-shelter", "Snegomyr")
    assert "BV-EAST-SNEGOMIR" in refused(NotFound, place)
    tag = Case("a misspelt tag", "bv-legal-aid", "emergency-shelter", "BV-EAST", "seafarrer")
    assert "seafarer" in refused(Invalid, tag)
    ended = Case("a body that has ended", "aq-old-refuge", "emergency-shelter", "AQ")
    assert "succeeded" in refused(Invalid, ended)


def test_a_hotline_that_is_closed_stands_above_the_answer_and_says_so(region: Asked) -> None:
    phone = region.answer(_named("beds that are open at night only")).emergency.channel
    assert phone is not None
    assert phone.open is False


def _named(name: str) -> Case:
    return next(case for case in OF_THE_REGION if case.name == name)


@each(OF_THE_EXAMPLE)
def test_a_case_of_the_example_gets_the_right_answer(example: Asked, case: Case) -> None:
    compare(example.answer(case), case)


def test_answers_of_the_example_explain_themselves(example: Asked) -> None:
    for case in OF_THE_EXAMPLE:
        explains_itself(example.answer(case))
        assert example.again(case) == example.answer(case), case.name


def test_the_nearest_miss_of_the_example_stands_first(example: Asked) -> None:
    for case in OF_THE_EXAMPLE:
        nearest_first(example.answer(case))


# The comparison

#: What criteria are called in sentences, where it is not by their own name.
CALLED = {"route": "the way to it", "reachable": "reachability", "fit": "closeness of fit"}

#: Reasons that won't pass.
LASTING = {"eligibility", "organization-ended", "service-ended", "contact-point-ended", "suspended"}


def compare(answer: Answer, case: Case) -> None:
    """The answer against all that the case says of it; what matters most is compared first."""
    items = {item.service_type.id: item for item in answer.items}
    assert fits(answer.items[0]) == list(case.fits)
    for type, wanted in case.more.items():
        assert fits(items[type]) == list(wanted), type
    excluded = {out.service.id: codes(out) for out in answer.finding.excluded}
    assert {id: excluded.get(id) for id in case.out} == {id: set(wanted.split()) for id, wanted in case.out.items()}
    ruled_out = [out.service.id for out in answer.finding.excluded]
    assert case.nearest in (None, *ruled_out[:1])
    assert case.last in (None, *ruled_out[-1:])
    if case.plan is not None:
        assert list(items) == case.plan.split()
    _compare_route(answer, case)
    _compare_beside(answer, case)
    for id, wanted in case.says.items():
        said = " | ".join(about(answer, id))
        assert all(words in said for words in wanted), f"{id}: {said}"
    for words in case.notes:
        notes = (*answer.notes, *answer.finding.notes)
        assert any(words in note for note in notes), notes
    everything = " | ".join(told(answer))
    assert not [words for words in case.never if words in everything], everything


def _compare_route(answer: Answer, case: Case) -> None:
    """How the first candidate is reached."""
    if all(each is None for each in (case.through, case.alternatives, case.gate, case.by, case.diverted)):
        return
    first = answer.finding.candidates[0]
    if case.through is not None:
        assert [hop.id for hop in first.route.hops] == case.through.split()
    if case.alternatives is not None:
        assert [" ".join(hop.id for hop in way.hops) for way in first.alternatives] == list(case.alternatives)
    if case.gate is not None:
        assert first.gateway is not None
        assert first.gateway.contact_point.id == case.gate
    if case.by is not None:
        uses = (first.gateway or first).channels
        assert [use.channel.id for use in uses if use.barred is None] == case.by.split()
    if case.diverted is not None:
        assert first.contact_point.diverted_to is not None
        assert first.contact_point.diverted_to.id == case.diverted


def _compare_beside(answer: Answer, case: Case) -> None:
    """What stands beside the candidates."""
    if case.together is not None:
        found = {body.organization.id: [need.id for need, _ in body.needs] for body in answer.together}
        assert found == {id: needs.split() for id, needs in case.together.items()}
    if case.coordinators is not None:
        assert [office.contact_point.id for office in answer.coordinators] == case.coordinators.split()
    if case.hotline is not None:
        assert (answer.emergency.hotline.id if answer.emergency.hotline else "") == case.hotline
    assert (answer.ground.abroad.id if answer.ground.abroad else None) == case.abroad
    assert answer.emergency.number, "it stands above every answer"


def fits(item: Item) -> list[str]:
    return [f"{each.service.id} @ {each.contact_point.id}" for each in item.finding.candidates]


def codes(out: Excluded) -> set[str]:
    return {reason.code for reason in out.reasons}


def about(answer: Answer, id: str) -> Iterator[str]:
    """All texts about the service or contact point."""
    for item in answer.items:
        for candidate in item.finding.candidates:
            if id in (candidate.service.id, candidate.contact_point.id):
                yield from _of_candidate(candidate)
        for out in item.finding.excluded:
            if id in (out.service.id, out.contact_point and out.contact_point.id):
                yield from _of_excluded(out)


def told(answer: Answer) -> Iterator[str]:
    """All texts of the answer; of bodies only what is said of them."""
    for item in answer.items:
        yield from item.finding.notes
        for candidate in item.finding.candidates:
            yield from _of_candidate(candidate)
        for out in item.finding.excluded:
            yield from _of_excluded(out)


def _of_candidate(candidate: Candidate) -> Iterable[str]:
    behind = [candidate.behind] if candidate.behind else []
    return [*behind, *(each.text for each in candidate.criteria), *remarked(candidate), candidate.decided]


def _of_excluded(out: Excluded) -> Iterator[str]:
    for reason in out.reasons:
        yield reason.text
        if reason.relax:
            yield reason.relax


def explains_itself(answer: Answer) -> None:
    """Every candidate says why it stands where it stands, and everybody who is ruled out why."""
    for item in answer.items:
        assert item.added is None or item.added.startswith("Belongs to every case of: ")
        first, *others = item.finding.candidates or [None]
        assert first is None or first.behind is None
        assert all(candidate and candidate.behind for candidate in others)
        _in_order(item.finding.candidates)
        for out in (*item.finding.excluded, *item.finding.passed_over):
            assert out.reasons, out.service.id
            assert all(reason.text for reason in out.reasons), out.service.id
        assert not {each.service.id for each in item.finding.candidates} & {
            out.service.id for out in item.finding.excluded
        }


def _in_order(candidates: Sequence[Candidate]) -> None:
    """The criteria stand in the order in which they are compared, the same for all, and put the candidates in order."""
    orders = {tuple(criterion.name for criterion in candidate.criteria) for candidate in candidates}
    assert len(orders) <= 1
    assert all(sorted(order) == sorted(CRITERIA) for order in orders)
    for one, two in pairwise(candidates):
        pairs = list(zip(one.criteria, two.criteria, strict=True))
        differs = next((here for here, there in pairs if here.value != there.value), None)
        assert one.separated_by == (differs.name if differs else None)
        ids = [(each.service.id, each.contact_point.id) for each in (one, two)]
        values = [[criterion.value for criterion in each.criteria] for each in (one, two)]
        assert (values[0], ids[0]) < (values[1], ids[1])
        name = _told_apart(one, two)
        if differs is None:
            said = f"equal to {name} in every criterion: "
            apart = (one.service.areas, one.service.eligibility) != (two.service.areas, two.service.eligibility)
            assert two.behind == said + ("look where, and for whom, each of them is" if apart else "either will do")
        else:
            assert str(two.behind).startswith(f"after {name} by {CALLED.get(differs.name, differs.name)}: ")


def _told_apart(one: Candidate, two: Candidate) -> str:
    """The first one by its body, or by what sets it apart from another of the same body."""
    body = one.service.organization
    if body.id != two.service.organization.id:
        return body.name
    if one.contact_point.id != two.contact_point.id:
        return f"{one.contact_point.name} of {body.name}"
    return f"{one.service.name} of {body.name}"


def nearest_first(answer: Answer) -> None:
    """What the case avoids comes last, then what lies elsewhere, the farther the later; of the rest, and of what is as
    far, fewer reasons are nearer, and of as many those that may pass."""
    for item in answer.items:
        misses = []
        for out in item.finding.excluded:
            elsewhere = "place" in codes(out)
            assert elsewhere or out.far == 0 or answer.need.near, out.service.id
            lasting = sum(reason.code in LASTING for reason in out.reasons)
            misses.append(("avoided" in codes(out), elsewhere, out.far, len(out.reasons), lasting))
        assert misses == sorted(misses), [out.service.id for out in item.finding.excluded]
