"""The daemon that plays a run, and the two light doors to it: `daemon` and `client`."""
