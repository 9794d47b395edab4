"""What people said of incidents, as looks to fit on: each incident with feedback is one more labelled case."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from correlator.model.finding import Verdict

KIND = "feedback"


def given_records(looks: pd.DataFrame, path: Path) -> pd.DataFrame:
    """`looks` with those that incidents with feedback tell of beside them.

    The file holds what `GET /api/v1/incidents` answers. Incidents without feedback, or in which it never came to ask
    who of the others did it, tell nothing. Raises ValueError for another file.
    """
    try:
        incidents = json.loads(path.read_text(encoding="utf-8"))["items"]
        rows = [row for number, incident in enumerate(incidents) for row in _rows(number, incident)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: expected incidents as the REST interface answers them: {error!r}") from error
    return pd.concat([looks, pd.DataFrame(rows)], ignore_index=True) if rows else looks


def _rows(number: int, incident: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    said = incident["feedback"]
    if said is None:
        return
    culprits = set(said["culprits"])
    was_right = said["verdict_right"] and incident["verdict"] == Verdict.CONTENTION
    for suspect in incident["suspects"]:
        if suspect["features"]:
            name = f"{suspect['namespace']}/{suspect['pod']}" if suspect["pod"] else suspect["kind"]
            guilty = name in culprits or (was_right and not culprits and suspect["accused"])
            yield {
                "kind": KIND,
                "seed": number,
                "victim": f"{incident['victim']['namespace']}/{incident['victim']['pod']}",
                "at": incident["updated_at"],
                "truth": Verdict.CONTENTION.value if was_right or culprits else "other",
                "of_event": 1,
                "label": int(guilty),
                **suspect["features"],
            }
