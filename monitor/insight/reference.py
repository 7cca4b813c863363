"""The table of figures as docs/insight.md has it; a test holds the document against it."""

from monitor.insight.figures import FIGURES


def markdown() -> str:
    """One line a figure: `.venv/bin/python -c "from monitor.insight.reference import markdown; print(markdown())"`."""
    head = "| figure | unit | meaning | betydelse | from |\n| --- | --- | --- | --- | --- |"
    lines = (
        f"| `{each.name}` | {each.unit} | **{each.en[0]}.** {each.en[1]} | **{each.sv[0]}.** {each.sv[1]} | {each.source} |"  # noqa: E501
        for each in FIGURES
    )
    return "\n".join([head, *lines])
