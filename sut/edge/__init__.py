"""The network between the components: a TCP proxy with latency, and room for worse."""
