"""Write the generated files of the chart: `python -m tests.deploy`."""

from tests.deploy.generated import CHART, contents, strays

for path, text in contents().items():
    target = CHART / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
for path in strays():
    (CHART / path).unlink()
