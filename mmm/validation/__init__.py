"""How far a model can be believed: hold-out, metrics, health."""
