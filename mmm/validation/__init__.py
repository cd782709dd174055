"""How far a model can be believed: folds, metrics, health."""
