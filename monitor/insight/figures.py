"""Every figure of insight, once: its name, unit and meaning. Page, API and docs/insight.md are made from this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "Wh", "W", "s", "share", "percent", "money", "text", "rate"]
Kind = Literal["performance", "congestion", "behaviour", "anomalies", "revenue"]


@dataclass(frozen=True)
class Figure:
    """One figure. `en`, `sv`: its name on pages, and what it means. `source`: what it is read from.

    `better`: which way is good, None where neither is. Shares are between 0 and 1. Unknown is null, never 0.
    """

    name: str
    unit: Unit
    en: tuple[str, str]
    sv: tuple[str, str]
    source: str
    better: Literal["high", "low"] | None = None
    kind: Kind = "performance"

    @property
    def label(self) -> Mapping[str, str]:
        """Its name by language."""
        return {"en": self.en[0], "sv": self.sv[0]}

    @property
    def definition(self) -> Mapping[str, str]:
        """What it means by language."""
        return {"en": self.en[1], "sv": self.sv[1]}


_S, _R, _T = "sessions", "register", "statuses"

FIGURES: tuple[Figure, ...] = (
    Figure(
        "sessions", "count",
        ("Sessions", "Cars that were plugged in in this time and have left."),
        ("Sessioner", "Bilar som anslöts under tiden och har lämnat."), _S,
    ),
    Figure(
        "health", "share",
        ("Health", "The mean of those of its parts that are known: success rate and uptime."),
        ("Hälsa", "Medelvärdet av de delar som är kända: andel lyckade och drifttid."), f"{_S}, {_T}", "high",
    ),
    Figure(
        "success_rate", "share",
        ("Success rate", ("Sessions that delivered at least 100 Wh, of those of which that is known; a car that was "
         "plugged in and never began counts as not served.")),
        ("Andel lyckade", ("Sessioner som gav minst 100 Wh, av dem där det är känt; en bil som anslöts utan att "
         "laddningen började räknas som misslyckad.")), _S, "high",
    ),
    Figure(
        "visit_success_rate", "share",
        ("Success by visit", ("The same by visits: attempts of one car at one site within 10 minutes count once. A "
         "session of an unknown user is a visit of its own.")),
        ("Lyckade besök", ("Detsamma per besök: försök av samma bil på samma plats inom 10 minuter räknas en gång. En "
         "session med okänd användare är ett eget besök.")), _S, "high",
    ),
    Figure(
        "started", "count",
        ("Started", "Sessions whose transaction began."),
        ("Påbörjade", "Sessioner där transaktionen började."), _S,
    ),
    Figure(
        "delivered", "count",
        ("Delivered", "Sessions that gave at least 100 Wh."),
        ("Levererade", "Sessioner som gav minst 100 Wh."), _S,
    ),
    Figure(
        "energy_wh", "Wh",
        ("Energy", "Sum of what the sessions delivered, by the register; those of unknown energy are left out."),
        ("Energi", "Summan av vad sessionerna levererade enligt mätaren; de med okänd energi utelämnas."), _S,
    ),
    Figure(
        "plugged_s", "s",
        ("Plugged in", "From plug-in to plug-out, summed; all of a stay belongs to the time in which it began."),
        ("Ansluten tid", ("Från anslutning till frånkoppling, summerat; hela vistelsen hör till tiden då den "
         "började.")), _S,
    ),
    Figure(
        "charging_s", "s",
        ("Charging", "Time in which the car took energy or could have, of the sessions of which that is known."),
        ("Laddtid", "Tid då bilen tog emot energi eller kunde ha gjort det, av sessionerna där det är känt."), _S,
    ),
    Figure(
        "idle_s", "s",
        ("Idle", ("Time in which the car asked for nothing: full, or stopped and still plugged in; of the sessions of "
         "which that is known.")),
        ("Overksam tid", ("Tid då bilen inte bad om något: full, eller stoppad men ansluten; av sessionerna där det är "
         "känt.")), _S,
    ),
    Figure(
        "idle_share", "share",
        ("Idle share", "Idle time over plugged-in time, of the sessions of which the charging time is known."),
        ("Andel overksam", "Overksam tid av ansluten tid, för sessionerna där laddtiden är känd."), _S, "low",
    ),
    Figure(
        "average_power_w", "W",
        ("Average power", ("Energy over charging time, of the sessions of which both are known. Never over plugged-in "
         "time, which is no speed.")),
        ("Medeleffekt", ("Energi genom laddtid, för sessionerna där båda är kända. Aldrig genom ansluten tid, som inte "
         "är en hastighet.")), _S, "high",
    ),
    Figure(
        "peak_power_w", "W",
        ("Peak power", "The highest power that any of the sessions reached."),
        ("Högsta effekt", "Den högsta effekt som någon session nådde."), _S, "high",
    ),
    Figure(
        "first_kwh_s", "s",
        ("Time to first kWh", "Mean time from plug-in to the first kWh, of the sessions of which readings tell it."),
        ("Tid till första kWh", ("Medeltid från anslutning till första kWh, för sessionerna där mätvärden visar "
         "det.")), _S, "low",
    ),
    Figure(
        "soc_in", "percent",
        ("State of charge in", "Mean battery level at the start, of the sessions that tell it at both ends."),
        ("Laddnivå in", "Medelvärde av batterinivån vid start, för sessionerna som visar den i båda ändar."), _S,
    ),
    Figure(
        "soc_out", "percent",
        ("State of charge out", "Mean battery level at the end, of the same sessions."),
        ("Laddnivå ut", "Medelvärde av batterinivån vid slutet, för samma sessioner."), _S,
    ),
    Figure(
        "utilisation", "share",
        ("Time utilisation", "Plugged-in time over the time of all its connectors."),
        ("Beläggning i tid", "Ansluten tid av alla uttags tid."), f"{_S}, {_R}",
    ),
    Figure(
        "energy_utilisation", "share",
        ("Energy utilisation", ("Energy over what the connectors' ratings would have given all the time; unknown where "
         "a rating is.")),
        ("Beläggning i energi", ("Energi av vad uttagens märkeffekt hade gett hela tiden; okänd där en märkeffekt är "
         "det.")), f"{_S}, {_R}",
    ),
    Figure(
        "full_share", "share",
        ("Full", ("Share of the time in which every EVSE of a pool was taken (a pool: EVSEs of one current and power "
         "class at a site); of several pools the fullest.")),
        ("Fullt", ("Andel av tiden då varje laddplats i en grupp var upptagen (en grupp: platsens laddplatser av samma "
         "ström och effektklass); av flera grupper den mest belagda.")), f"{_S}, {_R}", "low",
    ),
    Figure(
        "short_stops", "count",
        ("Stopped within 2 min", "Sessions that ended less than two minutes after they began."),
        ("Slut inom 2 min", "Sessioner som slutade mindre än två minuter efter att de börjat."), _S, "low",
    ),
    Figure(
        "moves", "count",
        ("Moved", "Cars that plugged in at another connector of the site within 10 minutes of leaving this one."),
        ("Flyttade", ("Bilar som anslöts till ett annat uttag på platsen inom 10 minuter efter att ha lämnat "
         "detta.")), _S, "low",
    ),
    Figure(
        "stopped_by_fault", "count",
        ("Stopped by a fault", "Sessions whose stop reason is the charger's own, such as PowerLoss or GroundFault."),
        ("Avbrutna av fel", "Sessioner vars stopporsak är laddarens egen, som PowerLoss eller GroundFault."), _S, "low",
    ),
    Figure(
        "uptime", "share",
        ("Uptime", ("As NEVI counts it (23 CFR 680.116): the time less outages that are not excluded, over the time. "
         "An outage lasts from Faulted or Unavailable to the next status or transaction. Counted from the first status "
         "on; unknown without one.")),
        ("Drifttid", ("Som NEVI räknar den (23 CFR 680.116): tiden minus avbrott som inte är undantagna, genom tiden. "
         "Ett avbrott varar från Faulted eller Unavailable till nästa status eller transaktion. Räknas från första "
         "statusen; okänd utan någon.")), _T, "high",
    ),
    Figure(
        "availability", "share",
        ("Availability", ("Time in which it was usable, over the time in which its state is known. Time in which it "
         "was silent, or we did not look, is unknown, not down.")),
        ("Tillgänglighet", ("Tid då det var användbart, av tiden då tillståndet är känt. Tid då det var tyst, eller vi "
         "inte såg det, är okänd, inte nere.")), _T, "high",
    ),
    Figure(
        "known_share", "share",
        ("Known", "Share of the time since its first status in which its state is known."),
        ("Känt", "Andel av tiden sedan första statusen då tillståndet är känt."), _T, "high",
    ),
    Figure(
        "faults", "count",
        ("Faults", "How often it became Faulted; by error code beside it."),
        ("Fel", "Hur ofta det blev Faulted; per felkod bredvid."), _T, "low",
    ),
    Figure(
        "between_failures_s", "s",
        ("Between failures", "Mean time between failures: time in which it was usable over the number of faults."),
        ("Mellan fel", "Medeltid mellan fel: användbar tid genom antalet fel."), _T, "high",
    ),
    Figure(
        "to_recover_s", "s",
        ("To recover", "Mean time to recover: how long the faults that have ended lasted."),
        ("Till åter i drift", "Medeltid till åter i drift: hur länge de fel som är över varade."), _T, "low",
    ),
    Figure(
        "revenue_excl_vat", "money",
        ("Revenue", ("What the priced sessions cost without VAT; without those that were credited, written off or wait "
         "for review. Unknown where currencies differ.")),
        ("Intäkt", ("Vad de prissatta sessionerna kostade exklusive moms; utan dem som krediterats, skrivits av eller "
         "väntar på granskning. Okänd där valutorna skiljer sig.")), "bills",
    ),
    Figure(
        "pool_full_share", "share",
        ("Full", "Share of the time in which every EVSE of the pool that worked was taken, over whole local days."),
        ("Fullt", "Andel av tiden då varje fungerande laddplats i gruppen var upptagen, över hela lokala dygn."),
        f"{_S}, {_R}, {_T}", "low", "congestion",
    ),
    Figure(
        "taken_share", "share",
        ("Taken", "EVSE-time taken over the time of all EVSEs of the pool."),
        ("Upptaget", "Upptagen tid av tiden för alla laddplatser i gruppen."), f"{_S}, {_R}", None, "congestion",
    ),
    Figure(
        "evses", "count",
        ("EVSEs", "Places for one car at a time; plugs that share one count once."),
        ("Laddplatser", "Platser för en bil åt gången; uttag som delar en plats räknas en gång."), _R, None,
        "congestion",
    ),
    Figure(
        "arrivals", "count",
        ("Arrivals", "Cars that plugged in on these days."),
        ("Ankomster", "Bilar som anslöts under dagarna."), _S, None, "congestion",
    ),
    Figure(
        "after_full", "count",
        ("Right after full", ("Arrivals within 5 minutes of the end of a full stretch: who comes then has probably "
         "waited.")),
        ("Direkt efter fullt", ("Ankomster inom 5 minuter efter att det varit fullt: den som kommer då har troligen "
         "väntat.")), _S, "low", "congestion",
    ),
    Figure(
        "peak_hour", "text",
        ("Peak hour", "The hour of the week in which most EVSEs are taken on average, on the site's clock."),
        ("Topptimme", "Timmen i veckan då flest laddplatser är upptagna i medeltal, enligt platsens klocka."), _S, None,
        "congestion",
    ),
    Figure(
        "peak_load", "rate",
        ("Load then", "How many EVSEs are taken in that hour on average (erlangs)."),
        ("Last då", "Hur många laddplatser som är upptagna i medeltal den timmen (erlang)."), _S, None, "congestion",
    ),
    Figure(
        "stay_s", "s",
        ("Stay", "Mean time that an EVSE is taken for each arrival, idle time included."),
        ("Vistelse", "Medeltid som en laddplats är upptagen per ankomst, overksam tid inräknad."), _S, None,
        "congestion",
    ),
    Figure(
        "wait_share", "share",
        ("Would wait", "An estimate: the share of arrivals in the peak hour that find no place (Erlang C)."),
        ("Får vänta", "En uppskattning: andelen ankomster i topptimmen som inte hittar någon plats (Erlang C)."), _S,
        "low", "congestion",
    ),
    Figure(
        "wait_s", "s",
        ("Mean wait", ("An estimate by Erlang C for the peak hour: random arrivals, the time that an EVSE is taken as "
         "service time, one queue; cars that left unseen are not in it. Unknown where the load is not below the "
         "EVSEs: the queue would only grow.")),
        ("Medelväntan", ("En uppskattning med Erlang C för topptimmen: slumpvisa ankomster, upptagen tid som "
         "betjäningstid, en kö; bilar som åkte utan att synas är inte med. Okänd där lasten inte är under antalet "
         "laddplatser: kön skulle bara växa.")), _S, "low", "congestion",
    ),
    Figure(
        "evses_needed", "count",
        ("EVSEs needed", "The fewest with which that mean wait is at most the target."),
        ("Behövda laddplatser", "Det minsta antal med vilket medelväntan är högst målet."), _S, None, "congestion",
    ),
    Figure(
        "lost_sessions", "rate",
        ("Lost in 30 days", ("An estimate of the cost of doing nothing: sessions that would have begun while the pool "
         "was full, if as many cars come in an hour of the week while it is full as while it has a place, and none "
         "waits.")),
        ("Förlorade på 30 dagar", ("En uppskattning av vad det kostar att inget göra: sessioner som hade börjat medan "
         "gruppen var full, om lika många bilar kommer i en timme i veckan när det är fullt som när det finns plats, "
         "och ingen väntar.")), _S, "low", "congestion",
    ),
    Figure(
        "pool_idle_share", "share",
        ("Idle", "Idle time over the stays of the sessions of which it is known."),
        ("Overksam", "Overksam tid av vistelserna för sessionerna där den är känd."), _S, "low", "congestion",
    ),
    Figure(
        "bottleneck", "text",
        ("Bottleneck", ("Of a pool that is full at least 0.5 % of the time: faults (EVSEs down for 10 % of the known "
         "time), else idle cars (30 % of the stays), else too little power (half of the diagnosed sessions were "
         "limited by shared or managed power), else too few plugs.")),
        ("Flaskhals", ("För en grupp som är full minst 0,5 % av tiden: fel (laddplatser nere 10 % av den kända tiden), "
         "annars overksamma bilar (30 % av vistelserna), annars för lite effekt (hälften av de diagnosticerade "
         "sessionerna begränsades av delad eller styrd effekt), annars för få platser.")), f"{_S}, {_T}", None,
        "congestion",
    ),
    Figure(
        "arrivals_by_hour", "rate",
        ("Arrivals", "Cars that plug in during an hour of the week, on average, on the site's clock."),
        ("Ankomster", "Bilar som ansluts under en timme i veckan i medeltal, enligt platsens klocka."), _S, None,
        "behaviour",
    ),
    Figure(
        "stay_by_hour", "s",
        ("Stay by arrival", "Mean time from plug-in to plug-out of the cars that came in an hour of the week."),
        ("Vistelse per ankomst", ("Medeltid från anslutning till frånkoppling för bilarna som kom under en timme i "
         "veckan.")), _S, None, "behaviour",
    ),
    Figure(
        "energy_by_hour", "Wh",
        ("Energy by arrival", "Mean energy of the cars that came in an hour of the week."),
        ("Energi per ankomst", "Medelenergi för bilarna som kom under en timme i veckan."), _S, None, "behaviour",
    ),
    Figure(
        "idle_by_hour", "share",
        ("Idle by arrival", "Idle time over the stays of the cars that came in an hour of the week, where known."),
        ("Overksam per ankomst", ("Overksam tid av vistelserna för bilarna som kom under en timme i veckan, där den är "
         "känd.")), _S, "low", "behaviour",
    ),
    Figure(
        "failed_starts", "count",
        ("Failed starts", "Cars that were plugged in and got less than 100 Wh."),
        ("Misslyckade starter", "Bilar som anslöts och fick mindre än 100 Wh."), _S, "low", "behaviour",
    ),
    Figure(
        "unplugged_faulted", "count",
        ("Unplugged while faulted", ("Cars that were there when their connector became Faulted and left before it was "
         "well again.")),
        ("Frånkopplade vid fel", "Bilar som var där när uttaget blev Faulted och lämnade innan det var helt igen."),
        f"{_S}, {_T}", "low", "behaviour",
    ),
    Figure(
        "returning", "count",
        ("Users by visits", ("Users by how often they came, known by their pseudonym alone. Cells of fewer than 5 "
         "users are not told.")),
        ("Användare per besök", ("Användare efter hur ofta de kom, kända bara genom sin pseudonym. Celler med färre än "
         "5 användare visas inte.")), _S, None, "behaviour",
    ),
    Figure(
        "failed_share", "share",
        ("Failing", "Share of sessions that delivered less than 100 Wh, as far as that is known."),
        ("Misslyckas", "Andel sessioner som gav mindre än 100 Wh, så långt det är känt."), _S, "low", "anomalies",
    ),
    Figure(
        "anomaly", "text",
        ("Changed", ("Average power, peak, time to first kWh or share of failures of a connector against its own last "
         "year, by cumulative sums (CUSUM): a change of 1.5 standard deviations is found within 20 sessions, with "
         "under one false alarm in 1,000.")),
        ("Ändrat", ("Medeleffekt, högsta effekt, tid till första kWh eller andel misslyckade för ett uttag mot dess "
         "eget senaste år, med kumulativa summor (CUSUM): en ändring på 1,5 standardavvikelser hittas inom 20 "
         "sessioner, med färre än ett falsklarm på 1 000.")), _S, None, "anomalies",
    ),
    Figure(
        "per_kwh", "money",
        ("Per kWh", "Revenue without VAT over energy."),
        ("Per kWh", "Intäkt exklusive moms genom energi."), "bills", None, "revenue",
    ),
    Figure(
        "parts", "money",
        ("Parts of the price", ("Revenue without VAT by what was priced: energy, time, idle time (parking), "
         "start, reservation; minimum and maximum prices are in the total alone.")),
        ("Prisets delar", ("Intäkt exklusive moms efter vad som prissattes: energi, tid, overksam tid (parkering), "
         "start, reservation; lägsta och högsta pris finns bara i summan.")), "bills", None, "revenue",
    ),
    Figure(
        "under_cost", "money",
        ("Under cost", ("Sessions that earned less without VAT than their energy costs at the given price per kWh, "
         "and how much less.")),
        ("Under kostnad", ("Sessioner som gav mindre exklusive moms än vad energin kostar vid det givna priset per "
         "kWh, och hur mycket mindre.")), "bills", "low", "revenue",
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Figure] = {figure.name: figure for figure in FIGURES}
CONTRACT = (
    "sessions", "energy_wh", "plugged_s", "charging_s", "idle_s", "success_rate", "uptime", "full_share",
)  # fmt: skip
"""What others script against; these stand first."""
PERFORMANCE = (*CONTRACT, *(each.name for each in FIGURES if each.kind == "performance" and each.name not in CONTRACT))
"""Figures of a row of performance, in their order."""


def of_kind(kind: Kind) -> list[Figure]:
    """The figures of one page."""
    return [figure for figure in FIGURES if figure.kind == kind]
