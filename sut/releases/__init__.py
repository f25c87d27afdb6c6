"""The code of each release: one module a version, named `<service>_<version>`."""
