"""The composition root: settings in, services out."""
