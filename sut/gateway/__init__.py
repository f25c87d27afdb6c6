"""The gateway: the only service users talk to; it passes requests on to the others."""
