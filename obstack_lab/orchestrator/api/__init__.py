"""The orchestrator's HTTP and WebSocket API: `application` builds it."""
