"""How many incidents there ever were."""

from sqlalchemy import Connection, func, select

from correlator.incidents.tables import CountRow
from correlator.model.finding import Verdict


def totals(connection: Connection, cluster: str | None) -> dict[Verdict, int]:
    """Incidents that ever had each verdict, of one cluster or of all."""
    statement = select(CountRow.verdict, func.sum(CountRow.total)).group_by(CountRow.verdict)
    if cluster is not None:
        statement = statement.where(CountRow.cluster == cluster)
    found = {verdict: int(total) for verdict, total in connection.execute(statement)}
    return {verdict: found.get(verdict.value, 0) for verdict in Verdict}
