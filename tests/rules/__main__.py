"""Write the PrometheusRule anew: `python -m tests.rules`."""

from tests.rules.prometheusrule import TARGET, written

if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
