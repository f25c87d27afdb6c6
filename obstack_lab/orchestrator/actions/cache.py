"""The caches of services."""

from __future__ import annotations

from obstack_lab.orchestrator.actions.instance import instances
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import CACHE


class PurgeCache(Action):
    """Empty caches."""

    name = "purge_cache"
    title = "Purge the cache"
    description = "Empties the caches of a service, in every instance."
    effect = "Nothing old is served any more; until they are full again, everything is read anew."
    destructive = "empties the caches of {service}: for a while everything is read anew"
    target = CACHE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        entries = 0
        for instance in instances(place, at):
            purged = place.web.delete(f"{instance.address}/cache", component=at)["purged"]
            entries += sum(purged.values())
        before = f"{entries} entries"
        return Effect(at, "cache", f"{at}: {before} → 0 entries", before, "0 entries")
