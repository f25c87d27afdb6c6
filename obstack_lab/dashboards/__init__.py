"""Dashboards: one source each, from which Grafana's and Perses' files are made."""
