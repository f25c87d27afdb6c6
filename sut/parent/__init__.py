"""The parent of the services: imports everything once and forks a service in milliseconds."""
