"""`laddvakt rules new`: a rule that passes `check`, with every key explained."""

from collections.abc import Mapping

from monitor import documents
from monitor.errors import FileProblems, InputError
from monitor.rules import files
from monitor.rules.names import Subject

_WHEN: Mapping[Subject, tuple[str, str, str]] = {
    "connector": (
        'status == "Charging" and avg(power_w, 5m) < 0.5 * expected_w',
        "Connector {{ connector }} gives {{ power_w | kw }}",
        "Uttag {{ connector }} ger {{ power_w | kw }}",
    ),
    "station": (
        'count(status == "Faulted") >= 2',
        "Station {{ station }} has several faulted connectors",
        "Station {{ station }} har fel på flera uttag",
    ),
    "site": (
        "full_for(DC) > 10m",
        "Every DC charger has been taken for {{ full_for(DC) | duration }}",
        "Alla DC-laddare har varit upptagna i {{ full_for(DC) | duration }}",
    ),
    "source": ('source == "store" and lag > 5m', "Newest reading {{ lag | ago }}", "Senaste mätvärdet {{ lag | ago }}"),
}

_TEXT = """\
# What is judged and why: write it here for whoever is woken by it.
rules:
  - id: {id}
    title: {{en: {title}, sv: {title}}}
    on: {on}                      # connector | station | site | source
    when: >                            # names: laddvakt rules reference
      {when}
    severity: warning                  # info is shown but not mailed; warning; critical
    for: 3m                            # how long it has to hold before it fires
    keep_firing_for: 5m                # how long it has to be over before it resolves
    no_data: {{after: 10m, then: keep}}  # when nothing can be said: keep | resolve | fire
    labels: {{team: operations}}         # what routes in notify.yaml match
    message:
      summary:
        en: "{en}"
        sv: "{sv}"
"""


def scaffold(rule_id: str, on: Subject) -> str:
    """The file's text. Raises InputError when the id is none."""
    when, en, sv = _WHEN[on]
    title = rule_id.replace("-", " ").capitalize()
    text = _TEXT.format(id=rule_id, title=title, on=on, when=when, en=en, sv=sv)
    try:
        files.parse_rules(documents.parse(text, f"{rule_id}.yaml"))
    except FileProblems as error:
        raise InputError(error.problems[0].message) from error
    return text
