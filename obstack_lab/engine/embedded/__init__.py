"""Components as processes of this machine: `embedded.engine.EmbeddedEngine`."""
