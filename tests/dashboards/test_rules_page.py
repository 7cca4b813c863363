"""The page of one rule: how it runs, what it says with the numbers of its lines, and its last episodes."""

import re

from flask.testing import FlaskClient

from dashboards.rules_page import EPISODES
from tests.dashboards.sample import SampleService
from tests.dashboards.test_pages import text_of


def test_every_rule_has_its_page_with_its_own_lines(client: FlaskClient, busy: SampleService) -> None:
    for rule in busy.rules.in_force.rules.rules:
        page = text_of(client, f"/rules/{rule.id}")
        lines = busy.rules.in_force.rules.texts[rule.file].splitlines()
        numbers = [int(number) for number in re.findall(r'<tr id="L(\d+)">', page)]
        assert numbers[0] == rule.line
        assert f"id: {rule.id}" in lines[rule.line - 1]
        others = [each.id for each in busy.rules.in_force.rules.rules if each.id != rule.id]
        shown = lines[numbers[0] - 1 : numbers[-1]]
        assert not any(line.strip() == f"- id: {other}" for line in shown for other in others)
        assert f'href="/rules/{rule.id}"' in text_of(client, "/rules")


def test_it_shows_its_episodes_and_leads_to_all(client: FlaskClient, busy: SampleService) -> None:
    alert = busy.alerts.list(state="firing", limit=1)[0]
    page = text_of(client, f"/rules/{alert.rule}")
    its = busy.alerts.list(rule=alert.rule, sort="-id", limit=EPISODES)
    for each in its:
        assert f"/alerts/{each.id}" in page
    assert f"/alerts?rule={alert.rule}" in page
    assert f'href="/rules/{alert.rule}"' in text_of(client, f"/alerts/{alert.id}")
    assert "/runbooks#" in page


def test_one_that_is_not_in_force_is_not_there(client: FlaskClient) -> None:
    assert client.get("/rules/slow-chargin").status_code == 404
