"""What the two query languages can say here: a list as data, and the page made of it."""
