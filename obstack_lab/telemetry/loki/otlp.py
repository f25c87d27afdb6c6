"""OTLP logs, protobuf or JSON: which attributes become labels, which metadata."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from obstack_lab.telemetry.logql.gonumber import format_float
from obstack_lab.telemetry.loki.record import Batch, Record, Refused

_INDEXED = frozenset({
    "service.name", "service.namespace", "service.instance.id", "deployment.environment",
    "deployment.environment.name", "cloud.region", "cloud.availability_zone",
    "k8s.cluster.name", "k8s.namespace.name", "k8s.pod.name", "k8s.container.name",
    "container.name", "k8s.replicaset.name", "k8s.deployment.name", "k8s.statefulset.name",
    "k8s.daemonset.name", "k8s.cronjob.name", "k8s.job.name",
})  # fmt: skip
_WRONG = re.compile(r"[^a-zA-Z0-9_]")
_DEEPEST = 32


def label(name: str) -> str:
    """Return an attribute's name as a label's: `http.route` is `http_route`."""
    cleaned = _WRONG.sub("_", name)
    return f"key_{cleaned}" if cleaned[:1].isdigit() else cleaned


def parse_protobuf(body: bytes) -> list[Batch]:
    """Return the batches of a protobuf export request."""
    request = ExportLogsServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Refused("unexpected EOF") from error
    batches = []
    for resource in request.resource_logs:
        labels, common = _resource(
            [(pair.key, _proto_value(pair.value)) for pair in resource.resource.attributes],
            resource.resource.dropped_attributes_count,
        )
        records = []
        for scope in resource.scope_logs:
            scoped = common | _scope(
                scope.scope.name,
                scope.scope.version,
                [(pair.key, _proto_value(pair.value)) for pair in scope.scope.attributes],
                scope.scope.dropped_attributes_count,
            )
            for log in scope.log_records:
                meta = _record_meta(
                    scoped,
                    observed=log.observed_time_unix_nano if log.time_unix_nano else 0,
                    number=log.severity_number,
                    text=log.severity_text,
                    trace=log.trace_id.hex(),
                    span=log.span_id.hex(),
                    flags=log.flags,
                    dropped=log.dropped_attributes_count,
                    event=log.event_name,
                    attributes=[(pair.key, _proto_value(pair.value)) for pair in log.attributes],
                )
                stamp = log.time_unix_nano or log.observed_time_unix_nano
                records.append(_record(stamp, _text(_proto_value(log.body)), meta))
        batches.append(Batch(labels, records))
    return batches


def parse_json(body: bytes) -> list[Batch]:
    """Return the batches of a JSON export request."""
    try:
        document = orjson.loads(body)
        return [_json_resource(item) for item in document.get("resourceLogs") or []]
    except orjson.JSONDecodeError as error:
        raise Refused(f"the body is not JSON: {error}") from error
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"the body is no OTLP logs request: {error}") from error


def _json_resource(item: Mapping[str, Any]) -> Batch:
    resource = item.get("resource") or {}
    labels, common = _resource(
        _json_attributes(resource.get("attributes")),
        int(resource.get("droppedAttributesCount") or 0),
    )
    records = []
    for scope_logs in item.get("scopeLogs") or []:
        scope = scope_logs.get("scope") or {}
        scoped = common | _scope(
            str(scope.get("name") or ""),
            str(scope.get("version") or ""),
            _json_attributes(scope.get("attributes")),
            int(scope.get("droppedAttributesCount") or 0),
        )
        for log in scope_logs.get("logRecords") or []:
            stamp = int(log.get("timeUnixNano") or 0)
            observed = int(log.get("observedTimeUnixNano") or 0)
            meta = _record_meta(
                scoped,
                observed=observed if stamp else 0,
                number=int(log.get("severityNumber") or 0),
                text=str(log.get("severityText") or ""),
                trace=str(log.get("traceId") or "").lower(),
                span=str(log.get("spanId") or "").lower(),
                flags=int(log.get("flags") or 0),
                dropped=int(log.get("droppedAttributesCount") or 0),
                event=str(log.get("eventName") or ""),
                attributes=_json_attributes(log.get("attributes")),
            )
            records.append(_record(stamp or observed, _text(_json_value(log.get("body"))), meta))
    return Batch(labels, records)


def _record(stamp: int, line: str, meta: Mapping[str, str]) -> Record:
    if not 0 <= stamp < 2**63:
        raise Refused(f"the timestamp {stamp} is out of range")
    return Record(stamp, line, meta)


def _resource(
    attributes: Iterable[tuple[str, Any]], dropped: int
) -> tuple[dict[str, str], dict[str, str]]:
    labels: dict[str, str] = {}
    meta: dict[str, str] = {}
    for name, value in attributes:
        if name in _INDEXED:
            labels[label(name)] = _text(value)
        else:
            _spread(meta, label(name), value)
    if dropped:
        meta["resource_dropped_attributes_count"] = str(dropped)
    return labels, meta


def _scope(
    name: str, version: str, attributes: Iterable[tuple[str, Any]], dropped: int
) -> dict[str, str]:
    meta: dict[str, str] = {}
    for key, value in attributes:
        _spread(meta, label(key), value)
    if name:
        meta["scope_name"] = name
    if version:
        meta["scope_version"] = version
    if dropped:
        meta["scope_dropped_attributes_count"] = str(dropped)
    return meta


def _record_meta(
    scoped: Mapping[str, str],
    *,
    observed: int,
    number: int,
    text: str,
    trace: str,
    span: str,
    flags: int,
    dropped: int,
    event: str,
    attributes: Iterable[tuple[str, Any]],
) -> dict[str, str]:
    meta = dict(scoped)
    for name, value in attributes:
        _spread(meta, label(name), value)
    given = {
        "dropped_attributes_count": dropped, "observed_timestamp": observed,
        "severity_number": number, "severity_text": text, "flags": flags,
        "trace_id": trace if trace.strip("0") else "", "span_id": span if span.strip("0") else "",
        "event_name": event,
    }  # fmt: skip
    meta.update({name: str(value) for name, value in given.items() if value})
    return {name: value for name, value in meta.items() if value}


def _spread(meta: dict[str, str], name: str, value: Any, depth: int = 0) -> None:
    """Give an attribute its place; the members of a map each their own."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            _spread(meta, f"{name}_{label(key)}", inner, depth + 1)
    else:
        meta[name] = _text(value)


def _text(value: Any) -> str:  # noqa: PLR0911 - one return a case
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return orjson.dumps(value, default=_text).decode()


def _json_attributes(attributes: Any) -> list[tuple[str, Any]]:
    return [(str(pair["key"]), _json_value(pair.get("value"))) for pair in attributes or []]


def _json_value(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one return a case
    if not value or depth > _DEEPEST:
        return None
    if "stringValue" in value:
        return str(value["stringValue"])
    if "boolValue" in value:
        return bool(value["boolValue"])
    if "intValue" in value:
        return int(value["intValue"])
    if "doubleValue" in value:
        return float(value["doubleValue"])
    if "arrayValue" in value:
        items = (value["arrayValue"] or {}).get("values") or []
        return [_json_value(item, depth + 1) for item in items]
    if "kvlistValue" in value:
        pairs = (value["kvlistValue"] or {}).get("values") or []
        return {str(pair["key"]): _json_value(pair.get("value"), depth + 1) for pair in pairs}
    return base64.b64decode(value["bytesValue"]) if "bytesValue" in value else None


def _proto_value(value: Any, depth: int = 0) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or depth > _DEEPEST:
        return None
    if kind == "array_value":
        return [_proto_value(item, depth + 1) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _proto_value(pair.value, depth + 1) for pair in value.kvlist_value.values}
    return getattr(value, kind)
