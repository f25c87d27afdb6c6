"""End what runs in the database."""

from __future__ import annotations

from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place, unchanged
from obstack_lab.orchestrator.actions.target import DATABASE
from obstack_lab.orchestrator.views import ParameterView

_STATES = (
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
)


class KillQuery(Action):
    """Cancels one statement; its session goes on."""

    name = "kill_query"
    title = "Kill a query"
    description = "Cancels the statement that a session of the database runs."
    effect = "The statement ends with an error; the session and its connection stay."
    destructive = "cancels a statement: who waits for it gets an error"
    target = DATABASE
    parameters = (
        ParameterView(
            name="pid",
            kind="integer",
            minimum=1,
            maximum=2_147_483_647,
            description="the session's pid in pg_stat_activity",
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        pid = int(params["pid"])
        found = place.database.run("cancel_query", {"pid": pid})
        if not found:
            raise ActionError(
                f"No session has the pid {pid} now. Look in pg_stat_activity.",
                action=self.name,
                parameter="pid",
            )
        session = found[0]
        if not session["done"]:
            raise ActionError(
                f"The session {pid} runs no statement: it is {session['state']}. "
                "`terminate_sessions` ends it.",
                action=self.name,
                parameter="pid",
            )
        before = f"{pid} {session['state']}: {session['query']}"
        return Effect(at, "session", f"{at}: canceled {before}", before, f"{pid} canceled")


class TerminateSessions(Action):
    """Ends every session that fits."""

    name = "terminate_sessions"
    title = "Terminate sessions"
    description = "Ends sessions of the database: those that fit everything said of them."
    effect = "The sessions end and their transactions are rolled back; pools connect anew."
    destructive = "ends sessions: their transactions are rolled back"
    target = DATABASE
    parameters = (
        ParameterView(
            name="application_name",
            kind="text",
            description="of the sessions, as in pg_stat_activity",
            optional=True,
        ),
        ParameterView(
            name="state",
            kind="choice",
            choices=_STATES,
            description="what the sessions do",
            optional=True,
        ),
        ParameterView(
            name="pid",
            kind="integer",
            minimum=1,
            maximum=2_147_483_647,
            description="of one session alone",
            optional=True,
        ),
        ParameterView(
            name="older_than",
            kind="number",
            minimum=0,
            maximum=86_400,
            unit="s",
            description="age of the transaction, or time since the last change of state",
            optional=True,
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        if not params:
            raise ActionError(
                "Say which sessions: application_name, state, pid or older_than.",
                action=self.name,
                parameter="application_name",
            )
        wanted = {
            "application": params.get("application_name"),
            "state": params.get("state"),
            "session": params.get("pid"),
            "older_than": float(params.get("older_than", 0)),
        }
        found = place.database.run("terminate_sessions", wanted)
        ended = sum(session["done"] for session in found)
        before = ", ".join(f"{s['pid']} {s['application']} ({s['state']})" for s in found)
        if not found:
            return unchanged(at, "session", "no session fits")
        after = f"{ended} of {len(found)} ended"
        return Effect(at, "session", f"{at}: {after}: {before}", before, after)
