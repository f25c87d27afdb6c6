"""Attributes that the real store keeps in columns of their own, which clients can tell.

They are listed among the tags of any query, and a `select` shows them as nil where absent.
"""

from __future__ import annotations

SPAN = {
    "http.method": str,
    "http.request.method": str,
    "http.response.status_code": int,
    "http.route": str,
    "http.status_code": int,
    "http.url": str,
    "server.address": str,
    "server.port": int,
    "url.path": str,
}
RESOURCE = {
    "cluster": str,
    "container": str,
    "k8s.cluster.name": str,
    "k8s.container.name": str,
    "k8s.namespace.name": str,
    "k8s.pod.name": str,
    "namespace": str,
    "pod": str,
    "service.name": str,
}
ALWAYS_RESOURCE = ("k8s.cluster.name", "k8s.namespace.name", "k8s.pod.name", "service.name")
