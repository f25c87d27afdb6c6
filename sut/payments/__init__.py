"""Payments: another company's service, reached by TLS; it has keys, a quota and its own pace."""
