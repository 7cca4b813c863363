"""How rules run and why they say what they say, as JSON."""

from typing import Any


def test_every_rule_with_its_run(client: Any, busy: Any) -> None:
    items = client.get("/api/v1/rules").json["items"]
    assert [item["id"] for item in items] == [rule.id for rule in busy.rules.in_force.rules.rules]
    assert {"state", "evaluated_at", "duration_s", "matches", "unknown", "error", "episodes"} <= set(items[0])


def test_why_a_rule_says_what_it_says(client: Any) -> None:
    alert = client.get("/api/v1/alerts").json["items"][0]
    told = client.get(f"/api/v1/rules/{alert['rule']}/explain", query_string={"subject": alert["subject"]}).json
    assert (told["rule"], told["subject"]) == (alert["rule"], alert["subject"])
    assert told["alert"]["id"] == alert["id"]
    assert "when" in told["expressions"]


def test_what_does_not_exist_is_named(client: Any) -> None:
    answer = client.get("/api/v1/rules/slow-chargin/explain?subject=a/b/c")
    assert (answer.status_code, answer.json["detail"]) == (
        400, "there is no rule 'slow-chargin'; did you mean 'slow-charging'?",
    )  # fmt: skip
    assert client.get("/api/v1/rules/slow-charging/explain").json["field"] == "subject"
